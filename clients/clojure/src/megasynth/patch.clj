;; SPDX-License-Identifier: MIT
(ns megasynth.patch
  "Patches as EDN, and the server's documents that they stand for.

    {:name \"wah\" :voices 6
     :knobs {:sweep 0.5                                   ; 0..1
             :speed {:value 0.4 :range [0.1 20] :scale :exp :unit \"Hz\"}}
     :devices {:note :note                                ; a device
               :osc0 [:osc3 {:waveform :saw :octave2 -1}] ; with inputs that stand still
               :filt {:type :svf :freq 800}}              ; the same as a map
     :connections [[[:note :freq] [:osc0 :frequency]]     ; from an output to an input
                   [:osc0 :filt]                          ; :out to :signal, which is :in
                   [:sweep [:filt :freq] {:amount 0.5 :as :octaves}]
                   [[:filt :low] :out]]}                  ; :out need not be listed

  The server's own documents, with `:nodes` and `:from` and `:to`, are patches, too."
  (:require [clojure.string :as str]
            [megasynth.devices :as devices]
            [megasynth.wire :as wire]))

(def ^:private scales {"linear" "lin", "exponential" "exp"})

(defn- id-of [x] (keyword (wire/text x)))

(defn- plain
  "Without keywords, but for the keys of maps."
  [x]
  (cond (instance? clojure.lang.Named x) (wire/text x)
        (map? x) (into {} (map (fn [[k v]] [(id-of k) (plain v)])) x)
        (or (sequential? x) (set? x)) (mapv plain x)
        :else x))

(defn- extra? [k] (str/starts-with? (wire/text k) "x-"))

;; ---- knobs and nodes

(defn- knob [k]
  (if (map? k)
    (let [{:keys [scale] :as k} (plain k)]
      (cond-> k scale (update :scale #(scales % %))))
    {:value k}))

(defn- as-map
  "A device, however written, as a map with `:type` and `:params`."
  [device]
  (cond
    (vector? device) (let [[type params] device] {:type type :params (or params {})})
    (map? device) (let [{:keys [params] :as node} device
                        own (into {} (remove #(or (#{:type :scope :id :params} (key %))
                                                  (extra? (key %)))) node)]
                    (assoc (apply dissoc node (keys own)) :params (merge own params)))
    :else {:type device :params {}}))

(defn- parameters [module params]
  (into {} (for [[input value] params
                 port (devices/ports-of module input)]
             [(keyword port) (plain (devices/value-of module input value))])))

(defn- node [device]
  (let [{:keys [type params] :as all} (as-map device)
        module (devices/module type)
        params (parameters module params)]
    (cond-> (assoc (plain (dissoc all :params :id)) :type module)
      (seq params) (assoc :params params))))

(defn- by-id
  "Nodes as a map, of a map or of a list of maps with `:id`."
  [nodes]
  (if (map? nodes) nodes (into {} (map (juxt :id identity)) nodes)))

;; ---- cables

(defn- ends
  "All ends that an end of a cable stands for: ports of a node, or a knob. `types` are the modules
  of nodes by id, `knobs` the ids of knobs, `otherwise` is the port where only a node is named."
  [types knobs otherwise end]
  (if (and (not (sequential? end)) (knobs (id-of end)))
    [(wire/text end)]
    (let [[id port] (if (sequential? end) end [end otherwise])]
      (for [p (devices/ports-of (types (id-of id)) port)]
        [(wire/text id) p]))))

(defn cables
  "The server's cables that a cable stands for, in a document."
  [{:keys [nodes knobs]} cable]
  (let [{:keys [from to] :as all} (if (map? cable)
                                    cable
                                    (let [[from to options] cable]
                                      (assoc options :from from :to to)))
        types (assoc (update-vals nodes :type) :out (get-in nodes [:out :type] "output"))]
    (for [from (ends types (set (keys knobs)) "out" from)
          to (ends types #{} "signal" to)]
      (assoc (plain (dissoc all :from :to)) :from from :to to))))

;; ---- the whole

(defn document
  "The server's document of a patch; of a document, the document. Pure: nothing is checked here,
  the server does that."
  [patch]
  (let [devices (into (by-id (:nodes patch)) (by-id (:devices patch)))
        nodes (update-vals (update-keys devices id-of) node)
        knobs (update-vals (update-keys (or (:knobs patch) {}) id-of) knob)
        cables (into [] (mapcat #(cables {:nodes nodes :knobs knobs} %)) (:connections patch))
        heard? (some #(= "out" (first (:to %))) cables)]
    (cond-> (plain (dissoc patch :devices :nodes :knobs :connections))
      true (assoc :nodes nodes :connections cables)
      (seq knobs) (assoc :knobs knobs)
      (and heard? (not (:out nodes))) (assoc-in [:nodes :out] {:type "output"}))))
