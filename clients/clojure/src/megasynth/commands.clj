;; SPDX-License-Identifier: MIT
(ns megasynth.commands
  "A function for each command of the server, made from its own table: /knob/set is

    (knob-set :name \"cutoff\" :value 0.5)      or     (knob-set {:name \"cutoff\" :value 0.5})

  with a docstring of what it does, takes and answers. All return promises, as
  `megasynth.core/call` does."
  (:refer-clojure :exclude [sync])
  (:require [clojure.string :as str]
            [megasynth.session :as session]))

(defn- function-name [address]
  (-> address (subs 1) (str/replace #"[/_]" "-") symbol))

(defn- described [[key type & flags]]
  (str key " " (name type) (when (some #{:rest} flags) "s") (when (some #{:optional} flags) "?")))

(defn- listed [title items]
  (str "\n  " title (if (seq items) (str/join ", " (map described items)) "nothing")))

(def ^:private routes
  {:direct "done at once" :perform "performed in order" :build "built by the worker"})

(defn- docstring [{:keys [address doc arguments answer route synth timed bundle]}]
  (str address ": " doc "." (listed "Takes " arguments) (listed "Answers " answer)
       "\n  " (str/join ", " (cond-> [(get routes route)]
                               synth (conj "of a synth")
                               timed (conj "may stand in (at ...)")
                               bundle (conj "may stand in (together ...)")))
       "."))

(defmacro ^:private define-all []
  `(do ~@(for [{:keys [address arguments] :as row} session/commands
               :let [keys (mapv (comp symbol name first) arguments)]]
           `(defn ~(function-name address)
              ~(docstring row)
              {:arglists '([~'& {:keys ~keys}])}
              [& {:as arguments#}]
              (session/call ~address (or arguments# {}))))))

(define-all)
