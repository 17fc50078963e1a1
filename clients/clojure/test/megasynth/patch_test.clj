;; SPDX-License-Identifier: MIT
(ns megasynth.patch-test
  "Patches, devices and differences; the server has the last word on all of them."
  (:require [clojure.set :as set]
            [clojure.test :refer [deftest is use-fixtures]]
            [megasynth.core :as ms]
            [megasynth.devices :as devices]
            [megasynth.diff :as diff]
            [megasynth.patch :as patch]
            [megasynth.rig :as rig])
  (:import (java.util Random)))

(use-fixtures :once rig/with-server)

(deftest spellings
  (let [document {:knobs {:k {:value 0.5} :speed {:value 0.1 :range [1 9] :scale "exp"}}
                  :nodes {:o {:type "osc3" :params {:wave1 "pulse" :wave2 "pulse" :wave3 "pulse"
                                                    :semi2 7}}
                          :f {:type "filter" :params {:type "high" :freq 800}}
                          :note {:type "note"}
                          :out {:type "output"}}
                  :connections [{:from ["note" "freq"] :to ["o" "freq"]}
                                {:from "k" :to ["o" "amp"]}
                                {:from ["o" "out"] :to ["f" "in"]}
                                {:from "speed" :to ["f" "freq"] :amount 0.5 :as "octaves"}
                                {:from ["f" "out"] :to ["out" "in"]}]}
        patch {:knobs {:k 0.5 :speed {:value 0.1 :range [1 9] :scale :exponential}}
               :devices {:o [:oscillator {:waveform :square :note2 7}]
                         :f [:filter {:type :high-pass :cutoff 800}]
                         :note :note}
               :connections [[[:note :freq] [:o :frequency]]
                             [:k [:o :amplitude]]
                             [:o :f]
                             [:speed [:f :cutoff] {:amount 0.5 :as :octaves}]
                             [:f :out]]}]
    (is (= document (patch/document patch)))
    (is (= document (patch/document document)) "a document is a patch")
    (is (= document (patch/document (assoc patch :devices
                                           [{:id :o :type :osc3 :waveform :square :note2 7}
                                            {:id :f :type :filter
                                             :params {:type :high-pass :cutoff 800}}
                                            {:id :note :type :note}]))
           (patch/document patch))
        "devices as maps, or as a list of them")))

(deftest words-for-ports
  (is (= [["m" "a"] ["out" "in"]]
         (map :to (:connections (patch/document {:devices {:o :lfo :m :modulator}
                                                 :connections [[:o :m] [:m :out]]})))))
  (is (= {:res 0.1} (get-in (patch/document {:devices {:f [:svf {:resonance 0.1}]}})
                            [:nodes :f :params])))
  (is (= {:bend_range 12} (get-in (patch/document {:devices {:n [:note {:bend-range 12}]}})
                                  [:nodes :n :params])))
  (is (= [["o" "wave1"] ["o" "wave2"] ["o" "wave3"]]
         (map :to (:connections (patch/document {:knobs {:k 0} :devices {:o :osc3}
                                                 :connections [[:k [:o :waveform]]]}))))))

(deftest devices-are-modules
  (let [modules (into {} (for [module (keys (:modules @(ms/call "/module/list")))]
                           [module (:module @(ms/call "/module/get" {:name module}))]))
        ports (fn [module part] (set (map :name (part module))))]
    (doseq [[id {:keys [module inputs values]}] devices/devices
            :let [row (modules (keyword module))]]
      (is row (str id " is no module"))
      (is (set/subset? (set (flatten (vals inputs)))
                       (set/union (ports row :inputs) (ports row :params))) (str id))
      (doseq [[input names] values
              port (devices/ports-of module input)
              :let [choices (:choices (some #(when (= port (:name %)) %) (:params row)))]]
        (is (set/subset? (set (vals names)) (set choices)) (str id input))))
    (doseq [[_ row] modules
            part [:inputs :params :outputs]]
      (is (empty? (set/intersection (ports row part) (set (keys devices/ports))))
          "a word for a port is a port's own name"))))

;; ---- differences

(def ^:private types
  {"osc.sine" ["freq" "amp"], "svf" ["freq" "res"], "mix" ["level"], "lfo" ["freq" "amp"]})

(defn- random-document
  "A document with some of ten nodes and four knobs; cables go from lower to higher names."
  [^Random random]
  (let [chance #(< (.nextDouble random) %)
        pick #(nth (vec %) (.nextInt random (count %)))
        ids (filterv (fn [_] (chance 0.6)) (map #(str "n" %) (range 10)))
        nodes (into {} (for [id ids :let [type (pick (keys types))]]
                         [(keyword id) (cond-> {:type type}
                                         (chance 0.5)
                                         (assoc :params (let [port (pick (types type))]
                                                          {(keyword port)
                                                           (if (= port "freq")
                                                             (+ 20 (.nextInt random 2))
                                                             (/ (.nextInt random 3) 2.0))}))
                                         (chance 0.1) (assoc :x-place [(.nextInt random 9) 2]))]))
        knobs (into {} (for [id ["k0" "k1" "k2" "k3"] :when (chance 0.6)]
                         [(keyword id) (cond-> {:value (/ (.nextInt random 3) 2.0)}
                                         (chance 0.4) (assoc :range [1 2]))]))
        to (fn [id] [id (pick (types (get-in nodes [(keyword id) :type])))])
        cables (for [_ (range (* 2 (count ids)))
                     :let [[a b] (sort [(pick ids) (pick ids)])]
                     :when (and a (not= a b))]
                 (cond-> {:from (if (and (seq knobs) (chance 0.3))
                                  (name (pick (keys knobs)))
                                  [a (if (= "svf" (get-in nodes [(keyword a) :type])) "low" "out")])
                          :to (to b)}
                   (chance 0.3) (assoc :amount (.nextInt random 3))
                   (chance 0.1) (assoc :as "octaves")))
        outs (for [id ids :when (chance 0.4)]
               {:from [id (if (= "svf" (get-in nodes [(keyword id) :type])) "low" "out")]
                :to ["out" "in"]})]
    (cond-> {:name (pick ["a" "b"])
             :nodes (assoc nodes :out {:type "output"})
             :connections (vec (concat cables outs))}
      (seq knobs) (assoc :knobs knobs)
      (chance 0.3) (assoc :voices (inc (.nextInt random 9)))
      (chance 0.3) (assoc :presets {:p {:knobs (update-vals knobs (constantly 1))}}))))

(defn- shuffled-names [document ^Random random]
  (let [ids (vec (remove #{:out} (keys (:nodes document))))
        to (into {} (for [id ids :when (zero? (.nextInt random 3))]
                      [id (keyword (str "r" (name id)))]))]
    (#'diff/renamed document to {})))

(defn- lead
  "What the server holds after the operations that lead from one document to another."
  [from to]
  (let [ops (diff/diff (:patch @(ms/call "/patch/get")) to)]
    (when (seq ops) @(ms/call "/patch/edit" {:ops ops :fade_ms 0}))
    (is (= (diff/normal to) (diff/normal (:patch @(ms/call "/patch/get"))))
        (str from "\n" to "\n" ops))
    (is (empty? (diff/diff (:patch @(ms/call "/patch/get")) to)))))

(deftest differences
  (let [random (Random. 6)]
    @(ms/load! (random-document random))
    (dotimes [_ 60]
      (let [from (:patch @(ms/call "/patch/get"))
            other (random-document random)]
        (lead from other)
        (lead other (shuffled-names other random))))
    (println "60 random documents, each led to the next and to one with other names")))

(deftest renames
  (let [one {:knobs {:speed 0.5}
             :devices {:lfo0 [:lfo {:amplitude 0.3}] :osc0 :osc.sine :f [:filter {:cutoff 900}]}
             :connections [[:speed [:lfo0 :freq]] [:lfo0 [:osc0 :amp]] [:osc0 :f] [:f :out]]}
        two {:knobs {:pace 0.5}
             :devices {:wobble [:lfo {:amplitude 0.4}] :voice :osc.sine :f [:filter {:cutoff 900}]}
             :connections [[:pace [:wobble :freq]] [:wobble [:voice :amp]] [:voice :f] [:f :out]]}]
    (is (= [{:op "rename" :knob "speed" :to "pace"}
            {:op "rename" :id "lfo0" :to "wobble"}
            {:op "rename" :id "osc0" :to "voice"}
            {:op "set" :id "wobble" :param "amp" :value 0.4}]
           (sort-by (juxt :op :id) (ms/changes one two)))
        "of those in a chain, too, and with another value")
    (is (= ["remove" "add"] (map :op (ms/changes {:devices {:a :lfo}} {:devices {:b :osc.sine}})))))
  (is (nil? (ms/changes {} {:transport {:tempo 90}})) "what only loading changes"))
