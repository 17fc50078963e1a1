;; SPDX-License-Identifier: MIT
(ns megasynth.devices
  "Devices: the server's modules by the names that people say, with the inputs that people expect.
  All other modules, ports and values go by the server's own names."
  (:require [clojure.string :as str]
            [megasynth.wire :as wire]))

(def devices
  "What each device is: its `:module`, its `:inputs` by the port of the module, and its `:values`
  that have other names there. An input may be several ports."
  (array-map
   :osc3 {:doc "three audio oscillators" :module "osc3"
          :inputs (array-map :amplitude "amp", :frequency "freq"
                             :waveform ["wave1" "wave2" "wave3"]
                             :octave2 "octave2", :octave3 "octave3"
                             :note2 "semi2", :note3 "semi3"
                             :detune "detune", :portamento "portamento")
          :values {:waveform {"square" "pulse"}}}
   :lfo {:doc "low-frequency oscillator" :module "lfo"
         :inputs (array-map :frequency "freq", :amplitude "amp", :waveform "shape")}
   :filter {:doc "low-pass, high-pass, band-pass, notch" :module "filter"
            :inputs (array-map :signal "in", :type "type", :cutoff "freq",
                               :resonance "res", :peak "res")
            :values {:type {"low-pass" "low", "high-pass" "high", "band-pass" "band"}}}
   :mixer {:doc "sum of any number of inputs" :module "mix"
           :inputs (array-map :signal "in", :level "level")}
   :modulator {:doc "one signal times another" :module "mul"
               :inputs (array-map :signal "a", :modulator "b")}
   :reverb {:doc "a room" :module "reverb"
            :inputs (array-map :signal "in", :size "size", :decay "decay", :mix "mix")}
   :delay {:doc "echo" :module "delay"
           :inputs (array-map :signal "in", :time "time", :feedback "feedback", :mix "mix")}
   :chorus {:doc "chorus" :module "chorus"
            :inputs (array-map :signal "in", :rate "rate", :depth "depth", :mix "mix")}
   :envelope {:doc "attack, decay, sustain, release" :module "env"
              :inputs (array-map :gate "gate", :attack "attack", :decay "decay"
                                 :sustain "sustain", :release "release", :amplitude "amp")}
   :amplifier {:doc "a signal, louder or softer" :module "gain"
               :inputs (array-map :signal "in", :amplitude "amp")}
   :out {:doc "what is heard" :module "output"
         :inputs (array-map :signal "in", :left "left", :right "right")}))

(def synonyms
  "Other words for devices."
  {"oscillator" :osc3, "output" :out})

(def ports
  "Words for ports of any module that has none of that name."
  {"frequency" "freq", "cutoff" "freq", "pitch" "freq", "amplitude" "amp", "resonance" "res"
   "signal" "in", "input" "in", "output" "out"})

(def ^:private by-module
  (into {} (map (juxt :module identity)) (vals devices)))

(defn module
  "The server's name of a device or a module."
  [kind]
  (let [kind (wire/text kind)]
    (:module (devices (synonyms kind (keyword kind))) kind)))

(defn ports-of
  "The ports, one or several, that an input or output of a module is."
  [module port]
  (let [port (wire/text port)
        found (or (get-in by-module [module :inputs (keyword port)])
                  (ports port)
                  (str/replace port "-" "_"))]
    (if (vector? found) found [found])))

(defn value-of
  "A value as the module has it, such as \"low\" for :low-pass."
  [module input value]
  (let [value (if (instance? clojure.lang.Named value) (wire/text value) value)]
    (get-in by-module [module :values (keyword (wire/text input)) value] value)))

(defn table
  "The devices as Markdown, as the README has them."
  []
  (str "| device | what | inputs |\n| --- | --- | --- |\n"
       (apply str (for [[id {:keys [doc inputs]}] devices
                        :let [inputs (map #(str "`" % "`") (keys inputs))]]
                    (str "| `" id "` | " doc " | " (str/join " " inputs) " |\n")))))
