;; SPDX-License-Identifier: MIT
(ns megasynth.style-test
  "What a linter would say, as far as Clojure itself can: no reflection (run_tests.clj looks at what
  the compiler says), lines that fit, docstrings, nothing private or required that nobody uses."
  (:require [clojure.java.io :as io]
            [clojure.string :as str]
            [clojure.test :refer [deftest is]]
            [megasynth.rig :as rig])
  (:import (java.io PushbackReader)
           (java.util.regex Pattern)))

(defn- files []
  (for [part ["src" "test"]
        file (file-seq (rig/source (str "clients/clojure/" part)))
        :when (str/ends-with? (str file) ".clj")]
    file))

(defn- forms [file]
  (with-open [in (PushbackReader. (io/reader file))]
    (binding [*ns* (create-ns 'megasynth.style-test.reading)]
      (let [[_ _ & clauses :as space] (read in)]
        (doseq [[kind & specs] (filter seq? clauses) :when (= kind :require)
                [full & {:keys [as]}] specs :when as]
          (ns-unalias *ns* as)
          (alias as (ns-name (create-ns full))))
        (into [space] (take-while #(not= % ::end)) (repeatedly #(read in false ::end)))))))

(defn- unused-names
  "What is private and occurs once."
  [file text]
  (for [[kind name] (rest (forms file))
        :when (or (= kind 'defn-) (and (symbol? name) (:private (meta name))))
        :let [word (re-pattern (str "(?<![\\w*!?>-])" (Pattern/quote (str name)) "(?![\\w*!?>-])"))]
        :when (= 1 (count (re-seq word text)))]
    name))

(defn- unused-spaces [text]
  (for [[_ alias] (re-seq #"\[[\w.-]+ :as ([\w-]+)" text)
        :when (not (str/includes? text (str alias "/")))]
    alias))

(deftest lines
  (doseq [file (files)
          [n line] (map-indexed vector (str/split-lines (slurp file)))]
    (is (<= (count line) 100) (str file ":" (inc n)))
    (is (= line (str/trimr line)) (str file ":" (inc n)))))

(deftest used
  (doseq [file (files) :let [text (slurp file)]]
    (is (empty? (unused-names file text)) (str file))
    (is (empty? (unused-spaces text)) (str file))))

(deftest documented
  (doseq [space '[megasynth.core megasynth.commands megasynth.session megasynth.patch
                  megasynth.devices megasynth.diff megasynth.explain megasynth.boot megasynth.link
                  megasynth.wire]
          [name v] (ns-publics space)
          :when (not (re-find #"^(map)?->" (str name)))]
    (is (:doc (meta (the-ns space))) (str space))
    (is (:doc (meta v)) (str space "/" name " has no docstring"))))
