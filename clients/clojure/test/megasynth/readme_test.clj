;; SPDX-License-Identifier: MIT
(ns megasynth.readme-test
  "Every example of README.md, in order, as it stands there."
  (:require [clojure.string :as str]
            [clojure.test :refer [deftest is]]
            [megasynth.core :as ms]
            [megasynth.devices :as devices]
            [megasynth.link]
            [megasynth.rig :as rig])
  (:import (megasynth.link Answer)))

(defn- settle "All promises in a value are kept." [value]
  (cond (instance? Answer value) @value
        (instance? megasynth.core.Note value) @value
        (sequential? value) (run! settle value)))

(deftest examples
  (let [boot! ms/boot!]
    (with-redefs [ms/boot! #(boot! (rig/options))]
      (binding [*ns* (create-ns 'megasynth.readme-test.user)]
        (refer-clojure)
        (doseq [form (apply concat (rig/readme))]
          (is (do (settle (eval form)) true) (pr-str form)))))
    (println (count (apply concat (rig/readme))) "forms of the README run"))
  (remove-watch ms/state :cutoff)
  (ms/stop!))

(deftest tables
  (is (str/includes? (slurp (rig/source "clients/clojure/README.md")) (devices/table))
      "the README's table of devices is not (devices/table)"))
