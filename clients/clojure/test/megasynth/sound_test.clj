;; SPDX-License-Identifier: MIT
(ns megasynth.sound-test
  "What is heard, measured."
  (:require [clojure.test :refer [deftest is use-fixtures]]
            [megasynth.core :as ms]
            [megasynth.rig :as rig])
  (:import (java.util Arrays)))

(use-fixtures :each rig/with-server)

(defn- rate-of
  "How often a second a row of numbers, `per-second` of them, goes up through its mean."
  [xs per-second]
  (let [mean (/ (reduce + xs) (count xs))
        rises (keep-indexed (fn [i [a b]] (when (and (< a mean) (<= mean b)) i))
                            (partition 2 1 xs))]
    (/ (* per-second (dec (count rises))) (double (- (last rises) (first rises))))))

(deftest the-same-bits
  (doseq [[example arguments] {"tremolo" ["--seconds" "1"], "keys" ["--notes" "C4 E4+G4"]}
          :let [document (slurp (rig/source (str "examples/" example ".json")))]]
    @(ms/load! (rig/json document))
    (is (Arrays/equals ^bytes (apply rig/render (rig/held) arguments)
                       ^bytes (apply rig/render document arguments))
        example))
  @(ms/load! {:knobs {:volume 0.5
                      :speed {:value 0.4 :range [0.1 20] :scale :exp :unit "Hz"}
                      :depth {:value 0.3 :range [0 0.5]}}
              :devices {:lfo0 :lfo :mixer0 :mixer :osc0 [:osc.sine {:frequency 220}]}
              :connections [[:speed [:lfo0 :frequency]] [:depth [:lfo0 :amplitude]]
                            [:lfo0 :mixer0] [:volume :mixer0]
                            [:mixer0 [:osc0 :amplitude]] [:osc0 :out]]})
  (is (Arrays/equals ^bytes (rig/render (rig/held) "--seconds" "1")
                     ^bytes (rig/render (slurp (rig/source "examples/tremolo.json"))
                                        "--seconds" "1"))
      "written as devices"))

(deftest the-first-example
  (let [[_ name patch] (first (filter #(= 'defpatch (first %)) (apply concat (rig/readme))))]
    (is (= 'tremolo name))
    @(ms/load! patch)
    (let [sound (rig/samples (rig/render (rig/held) "--seconds" "4"))
          window 436 ; two periods of its lowest note
          level (rig/levels (drop 4800 sound) window) ; after what ramps at first
          [rate depth] [(rate-of level (/ 48000 window)) (/ (apply max level) (apply min level))]]
      (is (< 6.2 rate 6.4) "knob1 at 0.7 of 0.01 to 100 Hz by equal ratios: 6.31 Hz")
      (is (< 3.8 depth 4.2) "knob0 0.5 and knob2 0.3: from 0.2 to 0.8")
      (println (format "the tremolo: %.2f Hz, loudest to softest %.2f" rate depth)))))

(deftest knobs-mean-something
  (doseq [[value hz] {0.25 11.9, 0.5 141.4, 0.75 1681.8}]
    @(ms/load! {:knobs {:k value} :devices {:o :osc.sine} :connections [[:k [:o :freq]] [:o :out]]})
    (is (< 0.99 (/ (rate-of (rig/samples (rig/render (rig/held) "--seconds" "1")) 48000) hz) 1.01)
        "a knob goes over the range of what it turns, 1 to 20000 Hz, by equal ratios")))

(defn- file-of [devices connections]
  (doto (rig/file "sounds.clj")
    (spit (str '(ns megasynth.sounds (:require [megasynth.core :refer [defpatch]]))
               (list 'defpatch 'drone {:devices devices :connections connections})))))

(deftest reloading-a-file
  (let [load-sound #(load-file (str (apply file-of %&)))]
    (load-sound '{:osc0 [:osc.sine {:frequency 200 :amplitude 0.5}]} [[:osc0 :out]])
    @(ms/load! @(resolve 'megasynth.sounds/drone))
    (Thread/sleep 50)
    (let [sound (rig/recording
                 (fn []
                   (Thread/sleep 150)
                   (load-sound '{:tone [:osc.sine {:frequency 300 :amplitude 0.4}]
                                 :warm [:filter {:cutoff 2000}]}
                               [[:tone :warm] [:warm :out]])
                   (Thread/sleep 150)
                   (load-sound '{:tone [:osc.sine {:frequency 300 :amplitude 0.4}]
                                 :hum [:osc.sine {:frequency 150 :amplitude 0.1}]}
                               [[:tone :out] [:hum :out]])
                   (Thread/sleep 150)))
          level (rig/levels sound 240)]
      (is (< 0.2 (apply min level)) "never silent")
      (is (< (rig/roughness sound) 0.002) "no click")
      (println (format "reloading a file: level at least %.2f, second difference at most %.5f"
                       (apply min level) (rig/roughness sound))))))
