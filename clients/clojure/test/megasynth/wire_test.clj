;; SPDX-License-Identifier: MIT
(ns megasynth.wire-test
  "tests/protocol/vectors.json, all of it: bytes that are read, written, and sent to a server."
  (:require [clojure.string :as str]
            [clojure.test :refer [deftest is use-fixtures]]
            [clojure.walk :as walk]
            [megasynth.core :as ms]
            [megasynth.link :as link]
            [megasynth.rig :as rig]
            [megasynth.session :as session]
            [megasynth.wire :as wire])
  (:import (java.util Arrays HexFormat)))

(use-fixtures :once rig/with-server)

(defn- hex ^bytes [^String s] (.parseHex (HexFormat/of) s))
(defn- unhex [^bytes b] (.formatHex (HexFormat/of) b))

(def ^:private vectors
  (delay (group-by #(:kind %) (rig/json (slurp (rig/source "tests/protocol/vectors.json"))))))

(defn- said-to
  "What a server says to a packet on a connection of its own: a code, \"done\", or \"nothing\"."
  [packet]
  (let [said (promise)
        link (link/open (get-in @session/session [:link :url])
                        (fn [address [_ _ code]]
                          (deliver said ({"/done" "done", "/fail" code} address address))))]
    (link/send-bytes link packet)
    @(link/ask link "/sync" {}) ; what comes of the packet comes before
    (let [request? (str/includes? (String. ^bytes packet) ",ib")
          answer (deref said (if request? 5000 0) "nothing")]
      (link/close link)
      answer)))

(defn- request-again
  "A request, read and written again; nil for other packets."
  [packet]
  (let [[address [number arguments]] (wire/parse packet)]
    (when (map? arguments)
      (wire/parse (wire/request number address arguments)))))

(deftest packets
  (let [rows (@vectors "packet")]
    (said-to (hex (:bytes (first (filter #(= "document" (:name %)) rows)))))
    (doseq [{:keys [name bytes expect]} rows :let [packet (hex bytes)]]
      (is (= expect (said-to packet)) name)
      (when (= expect "done")
        (is (= (wire/parse packet) (request-again packet)) name)))
    (println (count rows) "packets as in vectors.json")))

(defn- readable "Bytes as a vector, so that `=` looks into them." [value]
  (walk/postwalk #(if (bytes? %) (vec %) %) value))

(deftest payloads
  (doseq [{:keys [name bytes expect]} (@vectors "payload") :let [data (hex bytes)]]
    (when (= expect "ok")
      (let [value (wire/unpack data)]
        (is (= (readable value) (readable (wire/unpack (wire/pack value)))) name)))
    (when-not (str/includes? (String. data) "key")
      (let [ping (wire/message "/ping" 99 data)]
        (is (= ({"ok" "done"} expect expect) (said-to ping)) name)))))

(deftest frames
  (doseq [{:keys [name bytes packets]} (@vectors "frames")]
    (doseq [packet packets]
      (is (string? (first (wire/parse (hex packet)))) name))
    (when-not (str/includes? name "slip") ; which this client does not speak
      (is (= bytes (apply str (map #(unhex (.array (wire/framed (hex %)))) packets))) name))))

(deftest written
  (is (= "2f6b6e6f622f7365740000002c7366006375746f666600003f333333"
         (unhex (wire/message "/knob/set" :cutoff 0.7))))
  (let [arguments [7 (bit-shift-left 1 40) 0.5 true false "b" "four"]]
    (is (= ["/a" arguments] (wire/parse (apply wire/message "/a" arguments)))))
  (let [value {:a [1 -1 1.5 nil true "ü" {:b {}}] :long (vec (range 70)) :big Long/MIN_VALUE}]
    (is (= value (wire/unpack (wire/pack value)))))
  (let [data (byte-array [1 2])]
    (is (Arrays/equals data ^bytes (:x (wire/unpack (wire/pack {:x data}))))))
  (is (= "bad-type" (:code (rig/failure (wire/pack {:f inc})))))
  (is (= "bad-type" (:code (rig/failure @(ms/call "/ping" {:x inc}))))))
