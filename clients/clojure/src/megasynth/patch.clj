;; SPDX-License-Identifier: MIT
;; patch -- patches as EDN: devices, knobs, cables; what the server calls them; the difference of two; order of evaluation.
(ns megasynth.patch
  (:require [clojure.set :as set]
            [clojure.string :as str]
            [megasynth.wire :as wire]))

(def types "Devices by the names that people say." {"mixer" "mix", "oscillator" "osc3", "out" "output"})
(def ports {"frequency" "freq", "amplitude" "amp", "output" "out", "input" "in", "resonance" "res", "peak" "res", "cutoff" "freq"})

(defn- port-name [x] (let [s (wire/text x)] (get ports s s)))

(defn- plain [x]
  (cond (instance? clojure.lang.Named x) (wire/text x)
        (map? x) (into {} (map (fn [[k v]] [(keyword (wire/text k)) (plain v)])) x)
        (sequential? x) (mapv plain x)
        :else x))

(defn end
  "One end of a cable: `[:lfo0 :out]`, or `:lfo0` for its `otherwise`, or a knob's name."
  [knobs otherwise x]
  (cond (vector? x) [(wire/text (first x)) (port-name (second x))]
        (contains? knobs (wire/text x)) (wire/text x)
        :else [(wire/text x) otherwise]))

(defn- cable [knobs c]
  (let [{:keys [from to] :as all} (if (map? c) c (assoc (nth c 2 {}) :from (first c) :to (second c)))]
    (assoc (plain (dissoc all :from :to)) :from (end knobs "out" from) :to (end #{} "in" to))))

(defn- node [{:keys [type params scope] :as n}]
  (let [written (merge (dissoc (into {} (remove (fn [[k _]] (str/starts-with? (wire/text k) "x-"))) n) :type :params :scope :id) params)
        type (wire/text type)]
    (cond-> {:type (get types type type)}
      scope (assoc :scope (wire/text scope))
      (seq written) (assoc :params (into {} (map (fn [[k v]] [(keyword (port-name k)) (plain v)])) written)))))

(defn document
  "The server's document of a patch. `:devices` is the same as `:nodes`; parameters may stand right in a device; a knob may
  be just its value; a cable may be `[from to]` or `[from to {:amount 0.5 :as :octaves}]`; the device `:out` need not be named."
  [patch]
  (let [knobs (into {} (map (fn [[k v]] [(keyword (wire/text k)) (plain (if (number? v) {:value v} v))])) (:knobs patch))
        named (set (map wire/text (keys knobs)))
        nodes (merge (:nodes patch) (:devices patch))
        nodes (if (map? nodes) nodes (into {} (map (juxt :id identity)) nodes))
        nodes (into {} (map (fn [[id n]] [(keyword (wire/text id)) (node n)])) nodes)
        cables (mapv #(cable named %) (:connections patch))
        wants-out (and (not (:out nodes)) (some #(= "out" (first (:to %))) cables))]
    (cond-> (merge (plain (dissoc patch :devices :nodes :knobs :connections)) {:nodes nodes :connections cables})
      (seq knobs) (assoc :knobs knobs)
      wants-out (assoc-in [:nodes :out] {:type "output"}))))

;; ---- the difference of two

(defn- ends [c] {:from (:from c) :to (:to c)})

(defn- removed-params [old new]
  (some (fn [[id n]] (some #(not (contains? (get-in new [:nodes id :params]) %)) (keys (:params n))))
        (select-keys (:nodes old) (keys (:nodes new)))))

(defn diff
  "Operations of an edit that lead from document `old` to `new`; nil where only loading does. What is the same in both is
  not touched: it sounds on, and knobs stay where they were turned."
  [old new]
  (let [same? #(= (dissoc old :nodes :knobs :connections :voices) (dissoc new :nodes :knobs :connections :voices))
        id name
        [before after] [(set (keys (:nodes old))) (set (keys (:nodes new)))]
        kept (set/intersection before after)
        other? (fn [i] (not= (select-keys ((:nodes old) i) [:type :scope]) (select-keys ((:nodes new) i) [:type :scope])))
        gone (set/difference before after)
        dead (set (map id gone))
        cut (remove (set (:connections new)) (:connections old))
        added (remove (set (:connections old)) (:connections new))
        lost-knobs (set/difference (set (keys (:knobs old))) (set (keys (:knobs new))))]
    (when-not (or (not (same?)) (some other? kept) (removed-params old new)
                  (not= (:connections new) (distinct (:connections new)))
                  (and (:voices old) (not (:voices new))))
      (vec (concat
            (when (not= (:voices old) (:voices new)) [{:op "voices" :count (:voices new)}])
            (for [[k v] (:knobs new) :when (not= v (get-in old [:knobs k]))] (merge {:op "knob" :id (id k)} v))
            (for [i (sort (set/difference after before))] (merge {:op "add" :id (id i)} ((:nodes new) i)))
            (for [c cut :when (not (or (dead (first (:to c))) (and (vector? (:from c)) (dead (first (:from c))))))]
              (merge {:op "disconnect"} (ends c)))
            (for [i (sort gone)] {:op "remove" :id (id i)})
            (for [i (sort kept), [p v] (get-in new [:nodes i :params]) :when (not= v (get-in old [:nodes i :params p]))]
              {:op "set" :id (id i) :param (id p) :value v})
            (for [c added] (merge {:op "connect"} c))
            (for [k lost-knobs] {:op "unknob" :id (id k)}))))))

;; ---- what is evaluated when

(defn order
  "Ids of nodes, each after those that it hears; those on equal terms by name."
  [{:keys [nodes connections]}]
  (let [hears (reduce (fn [m {:keys [from to]}] (if (vector? from) (update m (first to) (fnil conj #{}) (first from)) m)) {} connections)]
    (loop [done [] left (sort (map name (keys nodes)))]
      (let [placed (set done)
            next (or (first (filter #(every? placed (hears %)) left)) (first left))]
        (if next (recur (conj done next) (remove #{next} left)) done)))))

(def after-voices "Their inputs sum the voices." #{"reverb" "delay" "chorus" "limiter" "output"})

(defn explain
  "Evaluation order and buses of a document: each node with its scope, what it hears and the buses it writes."
  [{:keys [nodes connections] :as doc} outputs]
  (let [heard (group-by #(first (:to %)) connections)]
    (first
     (reduce (fn [[rows voiced] id]
               (let [{:keys [type scope]} (nodes (keyword id))
                     from (map :from (heard id))
                     voice? (case scope "voice" true "shared" false
                                  (or (= type "note")
                                      (and (not (after-voices type)) (some #(and (vector? %) (voiced (first %))) from))))]
                 [(conj rows {:node (keyword id) :type type :scope (if voice? :voice :shared)
                              :hears (vec (for [{:keys [from to]} (heard id)]
                                            [(if (vector? from) (mapv keyword from) (keyword from)) (keyword (second to))]))
                              :buses (mapv #(vector (keyword id) (keyword %)) (outputs type))})
                  (if voice? (conj voiced id) voiced)]))
             [[] #{}] (order doc)))))
