;; SPDX-License-Identifier: MIT
(ns megasynth.diff
  "What leads from one document to another, as operations of /patch/edit. Whatever is the same in
  both is not touched: it sounds on, and what was turned meanwhile stays where it is."
  (:require [clojure.set :as set]
            [clojure.string :as str]
            [clojure.walk :as walk]))

;; ---- documents, made comparable

(def ^:private voices-default "Of a document that says nothing." 8.0)

(defn- without-defaults [cable]
  (cond-> cable
    (= 1.0 (:amount cable)) (dissoc :amount)))

(defn normal
  "A document in which what means the same is the same: 1 and 1.0, an amount of 1 and none, eight
  voices and nothing said."
  [document]
  (-> (walk/postwalk #(if (number? %) (double %) %) document)
      (update :voices #(or % voices-default))
      (update :connections (partial mapv without-defaults))))

(defn- node-of [end] (when (vector? end) (keyword (first end))))
(defn- knob-of [end] (when (string? end) (keyword end)))

(defn- renamed-end [nodes knobs end]
  (if (vector? end)
    (update end 0 #(name (get nodes (keyword %) %)))
    (name (get knobs (keyword end) end))))

(defn- rename-preset [nodes knobs preset]
  (cond-> preset
    (:knobs preset) (update :knobs set/rename-keys knobs)
    (:params preset) (update :params set/rename-keys nodes)))

(defn- renamed
  "The document after its nodes and knobs were renamed."
  [document nodes knobs]
  (cond-> (-> document
              (update :nodes set/rename-keys nodes)
              (update :connections
                      (partial mapv #(-> % (update :from (partial renamed-end nodes knobs))
                                         (update :to (partial renamed-end nodes knobs))))))
    (:knobs document) (update :knobs set/rename-keys knobs)
    (:presets document) (update :presets update-vals (partial rename-preset nodes knobs))))

;; ---- renames

(defn- lost-and-new [old new part]
  (let [[before after] (map (comp set keys part) [old new])]
    [(set/difference before after) (set/difference after before)]))

(defn- at-end [end] (or (node-of end) (knob-of end)))

(defn- cables-by-end [{:keys [connections]}]
  (reduce (fn [all {:keys [from to] :as cable}]
            (reduce #(update %1 %2 (fnil conj []) cable) all (distinct (map at-end [from to]))))
          {} connections))

(defn- as-seen-from
  "Cables as seen from a node or a knob; what is at the other end has its name only if it is in
  `known`, since that may be renamed, too."
  [id known cables]
  (let [port #(when (vector? %) (second %))
        masked #(cond (= id (at-end %)) [:itself (port %)]
                      (known (at-end %)) %
                      :else [:another (port %)])]
    (frequencies (map #(-> % (update :from masked) (update :to masked)) cables))))

(defn- unique-by [f ids]
  (into {} (keep (fn [[k [id & more]]] (when-not more [k id]))) (group-by f ids)))

(defn- pairs
  "Of the lost and the new, those that are alike, and like nothing else."
  [old new part alike known]
  (let [looks (fn [document]
                (let [cables (cables-by-end document)]
                  #(vector (alike (get-in document [part %])) (as-seen-from % known (cables %)))))
        [before after] (map unique-by (map looks [old new]) (lost-and-new old new part))]
    (into {} (for [[look id] before :when (after look)] [id (after look)]))))

(def ^:private rounds-max
  "Each round of looking for renames knows what the one before has found: so many in a chain." 16)

(defn renames
  "Nodes or knobs (`part`) of `old` that have another name in `new`: {old-id new-id}. They are alike
  in themselves and in their cables; then those, too, that differ in values only."
  [old new part]
  (let [ids #(into (set (keys (:nodes %))) (keys (:knobs %)))
        known (set/intersection (ids old) (ids new))
        with (fn [found] (if (= part :nodes) (renamed old found {}) (renamed old {} found)))]
    (loop [found {}, round 0, [alike & more :as all] [identity #(dissoc % :params :value)]]
      (if (or (nil? alike) (= round rounds-max))
        found
        (let [next (pairs (with found) new part alike (into known (vals found)))]
          (if (empty? next)
            (recur found round more)
            (recur (merge found next) (inc round) all)))))))

;; ---- values

(defn- changed
  "What differs of maps: {key new-value}, nil for what is gone."
  [old new]
  (into {} (for [k (set/union (set (keys old)) (set (keys new)))
                 :when (not= (get old k) (get new k))]
             [k (get new k)])))

(defn- settings
  "An operation with what differs, or nothing. `x-` keys that are gone are listed by themselves."
  [op old new]
  (let [changes (changed old new)
        gone (for [[k v] changes :when (and (nil? v) (str/starts-with? (name k) "x-"))] k)]
    (when (seq changes)
      [(cond-> (merge op (apply dissoc changes gone))
         (seq gone) (assoc :unset (mapv name gone)))])))

(defn- document-ops [old new]
  (let [own #(dissoc % :nodes :knobs :connections :presets :voices :name)]
    (concat
     (when (and (:name new) (not= (:name old) (:name new))) [{:op "name" :name (:name new)}])
     (when (not= (:voices old) (:voices new)) [{:op "voices" :count (long (:voices new))}])
     (settings {:op "set"} (own old) (own new)))))

(defn- knob-ops [old new]
  (for [[id knob] (:knobs new)
        op (if-let [before (get-in old [:knobs id])]
             (settings {:op "knob" :id (name id)} before knob)
             [(merge {:op "knob" :id (name id)} knob)])]
    op))

(defn- node-ops [id before after]
  (concat
   (settings {:op "set" :id (name id)} (dissoc before :params) (dissoc after :params))
   (for [[param value] (changed (:params before) (:params after))]
     {:op "set" :id (name id) :param (name param) :value value})))

(defn- preset-ops [old new unsure?]
  (concat
   (for [id (first (lost-and-new old new :presets))] {:op "unpreset" :id (name id)})
   (for [[id preset] (:presets new)
         :when (or unsure? (not= preset (get-in old [:presets id])))]
     (merge {:op "preset" :id (name id) :knobs {} :params {}} preset))))

;; ---- cables

(defn- numbered
  "Cables by their ends and a number among those with the same ends: [[[from to n] cable] ...]."
  [connections]
  (second
   (reduce (fn [[counts rows] {:keys [from to] :as cable}]
             (let [n (get counts [from to] 0)]
               [(assoc counts [from to] (inc n)) (conj rows [[from to n] cable])]))
           [{} []] connections)))

(defn- end-keys [[from to n]]
  (cond-> {:from from :to to} (pos? n) (assoc :nth n)))

(defn- insert [v i x] (into (conj (subvec v 0 i) x) (subvec v i)))
(defn- without [v i] (into (subvec v 0 i) (subvec v (inc i))))

(defn- placed
  "Operations that make the order of cables `wanted`, of which `have` are there: those that are not
  are connected, those elsewhere are moved."
  [have wanted]
  (loop [i 0, there (set have), have have, ops []]
    (if-let [[id cable] (get wanted i)]
      (cond
        (= id (get have i))
        (recur (inc i) there have ops)

        (there id)
        (recur (inc i) there (insert (without have (.indexOf ^java.util.List have id)) i id)
               (conj ops (assoc (merge {:op "move"} (end-keys id)) :at i)))

        :else
        (let [last? (and (= i (count have)) (zero? (peek id)))]
          (recur (inc i) there (insert have i id)
                 (conj ops (cond-> (merge {:op "connect"} cable) (not last?) (assoc :at i))))))
      ops)))

(defn- cable-ops [before after]
  (let [[before after] [(numbered before) (numbered after)]
        now (into {} after)
        [cut kept] ((juxt remove filter) (comp now first) before)]
    (concat
     (for [[id] (reverse cut)] (merge {:op "disconnect"} (end-keys id)))
     (for [[id cable] kept
           op (settings (merge {:op "set"} (end-keys id))
                        (dissoc cable :from :to) (dissoc (now id) :from :to))]
       (cond-> op (and (contains? op :amount) (nil? (:amount op))) (assoc :amount 1.0)))
     (placed (mapv first kept) after))))

;; ---- all of it

(def ^:private own-keys
  #{:name :voices :nodes :knobs :connections :presets :sampleRate :channels})

(defn- beyond-edits?
  "Whether documents differ in what no operation changes."
  [old new]
  (some #(not (or (own-keys %) (str/starts-with? (name %) "x-"))) (keys (changed old new))))

(defn- rename-ops [key renames]
  (for [[from to] renames] {:op "rename" key (name from) :to (name to)}))

(defn diff
  "The operations that lead from document `old` to document `new`, a vector, or nil where only
  loading does. Empty where they are the same."
  [old new]
  (let [[old new] [(normal old) (normal new)]
        knobs (renames old new :knobs)
        nodes (renames (renamed old {} knobs) new :nodes)
        old (renamed old nodes knobs)
        other? #(not= (get-in old [:nodes % :type]) (get-in new [:nodes % :type]))
        [lost fresh] (lost-and-new old new :nodes)
        both (remove lost (keys (:nodes old)))
        retyped (set (filter other? both))
        [lost-knobs] (lost-and-new old new :knobs)
        dead? (fn [end] (or ((into lost retyped) (node-of end)) (lost-knobs (knob-of end))))]
    (when-not (beyond-edits? old new)
      (vec
       (concat
        (rename-ops :knob knobs)
        (rename-ops :id nodes)
        (document-ops old new)
        (for [id (concat lost retyped)] {:op "remove" :id (name id)})
        (for [id lost-knobs] {:op "unknob" :id (name id)})
        (knob-ops old new)
        (for [id (concat fresh retyped)] (merge {:op "add" :id (name id)} (get-in new [:nodes id])))
        (mapcat #(node-ops % (get-in old [:nodes %]) (get-in new [:nodes %])) (remove retyped both))
        (cable-ops (remove #(or (dead? (:from %)) (dead? (:to %))) (:connections old))
                   (:connections new))
        (preset-ops old new (or (seq lost) (seq retyped) (seq lost-knobs))))))))
