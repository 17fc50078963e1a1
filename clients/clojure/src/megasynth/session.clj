;; SPDX-License-Identifier: MIT
(ns megasynth.session
  "The connection of this process: calls, when and in which synth they take effect, and the mirror
  of what the server tells. `megasynth.core` is what people use."
  (:require [clojure.edn :as edn]
            [clojure.java.io :as io]
            [clojure.string :as str]
            [megasynth.boot :as boot]
            [megasynth.link :as link]
            [megasynth.wire :as wire])
  (:import (java.io IOException)))

(set! *warn-on-reflection* true)

(def commands
  "Every command of the server, as rows; written by `megasynth.write-commands` from /command/list."
  (edn/read-string (slurp (io/resource "megasynth/commands.edn"))))

(def ^:private row (into {} (map (juxt :address identity)) commands))

(defonce ^{:doc "The mirror; see `megasynth.core/state`."} state (atom {:connected false}))
(defonce ^{:doc "`:link`, and what `boot` has returned."} session (atom nil))
(defonce ^{:doc "Functions that hear notices: {topic {key f}}."} listeners (atom {}))
(defonce ^{:doc "Functions that hear taps: {bus f}."} taps (atom {}))

(def ^:dynamic *at* "When calls take effect, as the server has it; nil is at once." nil)
(def ^:dynamic *synth* "The synth that calls go to." "main")
(def ^:dynamic *packets* "Where calls wait that go as one bundle, an atom of a vector." nil)

;; ---- calls

(defn- refuse [command code message hint]
  (link/failed command (ex-info (str command ": " message "; " hint)
                                {:code code :command command :hint hint})))

(defn- addressed [command]
  (if (and (not= *synth* "main") (:synth (row command)))
    (str "/synth/" *synth* command)
    command))

(defn call
  "Sends a command, `arguments` by name; see `megasynth.core/call`."
  ([command] (call command {}))
  ([command arguments]
   (let [link (:link @session)
         arguments (cond-> arguments *at* (assoc :at *at*))]
     (cond
       (nil? link) (refuse command "disconnected" "not connected" "boot! or connect! first")
       (and *at* (not (:timed (row command))))
       (refuse command "bad-value" "cannot wait for a time" "call it outside of (at ...)")
       *packets* (link/ask link (addressed command) arguments #(swap! *packets* conj %))
       :else (link/ask link (addressed command) arguments)))))

(defn ask-now
  "The answer to a question that is asked at once, whatever surrounds the call."
  ([command] (ask-now command {}))
  ([command arguments]
   (binding [*at* nil, *packets* nil] @(call command arguments))))

(defn send-together
  "Sends what `f` calls as one bundle, and returns what it returns."
  [f]
  (let [packets (atom [])
        result (binding [*packets* packets] (f))]
    (when (seq @packets)
      (link/send-bytes (:link @session) (wire/bundle @packets)))
    result))

(defn attempt
  "What `f` returns, an answer; or an answer that fails as `f` did."
  [command f]
  (try (f) (catch clojure.lang.ExceptionInfo e (link/failed command e))))

;; ---- the mirror

(def ^:private mirrored "Topics that the mirror is made of." ["note" "patch" "knob"])
(def ^:private noted "Topics of which the mirror keeps the last notice."
  ["xrun" "late" "nan" "device" "voice"])

(defn- mirror-patch []
  (binding [*at* nil, *synth* "main", *packets* nil]
    (link/on-answer (call "/patch/get") #(swap! state merge (select-keys % [:patch :rev])))
    (link/on-answer (call "/knob/list") #(swap! state merge (select-keys % [:knobs])))))

(defn- mirror-note [{:keys [event note id key]}]
  (if (= event "started")
    (swap! state assoc-in [:notes note] {:key key :id id})
    (swap! state update :notes dissoc note)))

(defn- mirror-notice [topic {:keys [synth name value] :as notice}]
  (cond
    (some #{topic} noted) (swap! state assoc-in [:last (keyword topic)] notice)
    (not= synth "main") nil
    (= topic "knob") (swap! state assoc-in [:knobs (keyword name) :value] value)
    (= topic "patch") (mirror-patch)
    (= topic "note") (mirror-note notice)))

(defn- heard-notice [topic notice]
  (mirror-notice topic notice)
  (run! #(% notice) (vals (@listeners topic))))

(defn- heard-failure [command code details]
  (swap! state assoc :failure (assoc details :code code :command command)))

(defn- gone []
  (swap! state assoc :connected false :notes {}))

(defn- hear
  "Sees to what the reader of a connection has read and nobody waits for."
  [address [a b c d]]
  (try
    (case address
      "/notice" (heard-notice a b)
      "/tap" (when-let [f (@taps a)] (f b))
      "/fail" (heard-failure b c d)
      "gone" (gone)
      nil)
    (catch Exception e ; of a watch, a listener or a tap: the reader goes on
      (swap! state assoc :failure {:code "internal" :message (str e) :exception e}))))

(defn- open
  "A connection that is heard for as long as it is the session's."
  [url]
  (let [own (promise)
        link (link/open url #(when (identical? @own (:link @session)) (hear %1 %2)))]
    (swap! session assoc :link link)
    (deliver own link)))

;; ---- beginning and end

(defn connect
  "Connects to a URL, in place of what was connected, and returns what the server says of itself.
  `booted` is what `boot` has returned, if this is that server."
  [url booted]
  (some-> (:link @session) link/close)
  (swap! session merge booted)
  (open url)
  (let [token (boot/own-token url)
        hello (ask-now "/hello" (cond-> {:proto 1 :client "clojure"} token (assoc :token token)))]
    (reset! state {:connected true :server hello :knobs {} :notes {} :last {}})
    (ask-now "/subscribe" {:topics (distinct (concat mirrored noted (keys @listeners)))})
    (mirror-patch)
    (dissoc hello :limits)))

(defn disconnect
  "Ends the connection, and the server if it was booted here."
  []
  (let [{:keys [process link]} @session]
    (some-> process boot/end)
    (some-> link link/close)
    (reset! session nil)
    (gone)
    nil))

(defn- try-places [urls]
  (loop [[url & more] urls, failures []]
    (if url
      (let [hello (try (connect url nil) (catch IOException e (ex-message e)))]
        (if (map? hello) hello (recur more (conj failures (str url ": " hello)))))
      (throw (ex-info (str "no server: " (str/join "; " failures))
                      {:code "disconnected" :tried urls :hint "(boot!) starts one"})))))

(defn find-server
  "Connects to a server that runs, by `:url` or `:name`."
  [{:keys [url name] :or {name "main"}}]
  (try-places (if url [url] (boot/places name))))

(defn booted
  "The answer to /hello of the server that was booted here with these options; nil if none runs."
  [options]
  (let [{:keys [link process], had :options} @session]
    (when (and process link (= had options) (link/alive? link))
      (dissoc (:server @state) :limits))))

(defn boot
  "Starts a server and connects to it."
  [options]
  (disconnect)
  (let [{:keys [urls] :as booted} (assoc (boot/boot options) :options options)]
    (connect (or (first (filter #(str/starts-with? % "unix:") urls)) (first urls)) booted)))
