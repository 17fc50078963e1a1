;; SPDX-License-Identifier: MIT
(ns megasynth.run-tests
  "All tests, against a real server. usage: run-tests MEGASYNTHD MEGASYNTH TOP"
  (:require [clojure.string :as str]
            [clojure.test :as t])
  (:import (java.io StringWriter)))

(def ^:private namespaces
  '[megasynth.style-test megasynth.wire-test megasynth.patch-test megasynth.core-test
    megasynth.readme-test megasynth.sound-test megasynth.process-test])

(defn- load-all
  "Loads everything; returns what the compiler has to complain of, such as reflection."
  []
  (let [complaints (StringWriter.)]
    (binding [*err* complaints]
      (apply require 'megasynth.commands namespaces))
    (str/trim (str complaints))))

(defn -main [program cli top]
  (doseq [[k v] {"program" program "cli" cli "top" top}]
    (System/setProperty (str "megasynth." k) v))
  (let [complaints (load-all)
        {:keys [fail error]} (apply t/run-tests namespaces)]
    (when (seq complaints) (println complaints))
    ((requiring-resolve 'megasynth.rig/clean))
    (shutdown-agents)
    (System/exit (if (and (zero? (+ fail error)) (empty? complaints)) 0 1))))
