;; SPDX-License-Identifier: MIT
(ns megasynth.explain
  "What the server makes of a document, as data: read from its own listing of the program, so that
  the order is the one in which things are evaluated, not one that a client thinks up."
  (:require [clojure.string :as str]))

;; ---- the listing

(def ^:private evaluations
  {"CALL" :call, "INPUT" :input, "OUTPUT" :output, "BUSIN" :bus-in, "BUSOUT" :bus-out,
   "READ" :read, "WRITE" :write})

(defn- registers [text]
  (mapv keyword (str/split text #", ")))

(defn- evaluation
  "A line of the listing that evaluates a node."
  [scope line]
  (let [[_ op what node] (re-matches #"\s*([A-Z]+)\s+(.*?)\s*; (\S+)" line)
        [_ writes] (when what (re-find #"-> (.*)$" what))]
    (when-let [op (evaluations op)]
      (cond-> {:node (keyword node) :op op :scope scope}
        writes (assoc :writes (registers writes))))))

(defn program
  "The evaluations of a listing, in order: `{:node :op :scope :writes}`."
  [text]
  (first
   (reduce (fn [[rows scope] line]
             (if-let [[_ named] (re-find #"^(constant|shared|voice):" line)]
               [rows (keyword named)]
               [(into rows (some-> (evaluation scope line) vector)) scope]))
           [[] :shared]
           (str/split-lines text))))

;; ---- with the document and the modules' tables

(defn- source [end]
  (if (vector? end) (mapv keyword end) (keyword end)))

(defn- hears [{:keys [connections]}]
  (reduce (fn [all {:keys [from] [id port] :to}]
            (update-in all [(keyword id) (keyword port)] (fnil conj []) (source from)))
          {} connections))

(defn- buses [module writes]
  (zipmap (map (comp keyword :name) (:outputs module)) writes))

(defn- spread
  "What a knob's 0..1 means at a parameter or an input, and what it is now."
  [{:keys [value range scale]} {:keys [min max unit] own :scale}]
  (let [[low high] (or range [(or min 0) (or max 1)])
        scale (or scale (when-not range own) "lin")
        at (fn [v] (if (and (= scale "exp") (pos? low) (pos? high))
                     (* low (Math/pow (/ (double high) low) v))
                     (+ low (* v (- (double high) low)))))]
    (cond-> {:range [low high] :scale (keyword scale) :now (at value)}
      (seq unit) (assoc :unit unit))))

(defn- drives [{:keys [nodes connections]} modules id knob]
  (vec (for [{:keys [from] [node port :as to] :to :as cable} connections
             :when (= from (name id))
             :let [module (modules (get-in nodes [(keyword node) :type]))
                   param (when-not (:as cable)
                           (some #(when (= port (:name %)) %) (:params module)))]]
         (merge {:to (source to)} (select-keys cable [:amount :as]) (spread knob param)))))

(defn explained
  "What `megasynth.core/explain` returns. `modules` are the server's tables by name, `knobs` where
  the knobs stand, `listing` is the text of the program."
  [document knobs modules listing]
  (let [rows (program listing)
        heard (hears document)
        type-of #(get-in document [:nodes % :type])]
    {:name (:name document)
     :voices (long (:voices document 8))
     :knobs (into {} (for [[id knob] knobs]
                       [id (assoc knob :drives (drives document modules id knob))]))
     :order (vec (for [{:keys [node writes] :as row} rows]
                   (-> (dissoc row :writes)
                       (assoc :module (type-of node)
                              :hears (get heard node {})
                              :buses (buses (modules (type-of node)) writes)))))
     :unheard (into [] (remove (set (map :node rows))) (sort (keys (:nodes document))))}))
