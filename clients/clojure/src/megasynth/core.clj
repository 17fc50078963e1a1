;; SPDX-License-Identifier: MIT
;; core -- a synth at the REPL: patches as data, knobs, notes, cables; each call answers with a promise.
(ns megasynth.core
  (:refer-clojure :exclude [swap!])
  (:require [clojure.string :as str]
            [megasynth.link :as link]
            [megasynth.patch :as patch]
            [megasynth.wire :as wire])
  (:import (java.util.concurrent TimeUnit)
           (java.util.concurrent.atomic AtomicInteger)))

(set! *warn-on-reflection* true)

(def addresses
  "Every command of the server. A test compares them with the server's own list."
  (str/split "/hello /ping /sync /clock /status /subscribe /unsubscribe /command/list /panic /quit /synth/new /synth/free
   /synth/list /synth/fader /patch/load /patch/edit /patch/add /patch/remove /patch/connect /patch/disconnect /patch/undo
   /patch/redo /patch/cancel /patch/check /patch/get /patch/profile /patch/disasm /param/set /param/get /param/list
   /knob/new /knob/free /knob/set /knob/get /knob/list /knob/map /preset/recall /preset/save /preset/list /note/on
   /note/off /note/set /note/control /note/all_off /voice/alloc /voice/free /voice/list /bus/new /bus/free /bus/set
   /bus/get /bus/list /bus/tap /bus/untap /module/list /module/get /record/start /record/stop /record/status /midi/list
   /midi/connect /midi/disconnect /state/get /state/save /state/load" #"\s+"))

(defonce ^{:doc "What the server holds, kept up to date by its notices: `:connected :knobs :patch :rev :notes`. Watches work."} state
  (atom {:connected false}))
(defonce ^:private session (atom nil)) ; {:link :process :urls}
(defonce ^:private loaded (atom nil))  ; name of the patch that plays
(defonce ^:private heard-taps (atom {})) ; bus -> function
(defonce ^:private ids (AtomicInteger.))
(def ^:dynamic *at* "When calls take effect, as the server has it; see `at`." nil)
(def ^:dynamic *synth* "Calls go to this synth." "main")

(def ^:private timed
  #{"/patch/load" "/patch/edit" "/param/set" "/knob/set" "/preset/recall" "/note/on" "/note/off" "/note/set"
    "/note/control" "/note/all_off" "/voice/free"})
(def ^:private of-a-synth #"/(patch|param|knob|preset|note|voice)/.*|/bus/new")

;; ---- calls

(defn call
  "Any command of the server by its address, arguments by name: `(call \"/note/on\" {:key 60 :velocity 0.8})`. Answers with
  a promise of a map; where the command fails, `deref` throws `ex-info` with `:code`, `:path`, `:hint`."
  ([command] (call command {}))
  ([command arguments]
   (if-let [l (:link @session)]
     (link/ask l
               (if (and (not= *synth* "main") (re-matches of-a-synth command)) (str "/synth/" *synth* command) command)
               (cond-> arguments (and *at* (timed command)) (assoc :at *at*)))
     (link/failed command {:code "disconnected"} (str command ": not connected; (megasynth.core/connect!) or (megasynth.core/boot!)")))))

(defn- mirror-patch [_]
  (binding [*at* nil *synth* "main"]
    (link/on-answer (call "/patch/get")
                    (fn [{:keys [patch rev]}] (clojure.core/swap! state assoc :patch patch :rev rev)))
    (link/on-answer (call "/knob/list")
                    (fn [{:keys [knobs]}]
                      (clojure.core/swap! state assoc :knobs
                                          (if (map? knobs) knobs (into {} (map (juxt (comp keyword :name) #(dissoc % :name))) knobs)))))))

(defn- heard-notice [topic {:keys [event synth note id key name value] :as details}]
  (when (= synth "main")
    (case topic
      "knob" (clojure.core/swap! state assoc-in [:knobs (keyword name) :value] value)
      "patch" (mirror-patch details)
      "note" (if (= event "started")
               (clojure.core/swap! state assoc-in [:notes note] {:key key :id id})
               (clojure.core/swap! state update :notes dissoc note))
      nil)))

(defn- heard [address arguments]
  (try
    (case address
      "/notice" (apply heard-notice arguments)
      "/tap" (when-let [f (@heard-taps (first arguments))] (f (second arguments)))
      "gone" (clojure.core/swap! state assoc :connected false :notes {})
      nil)
    (catch Exception e (clojure.core/swap! state assoc :error e)))) ; of a watch or a tap: the reader goes on

;; ---- the session

(defn- close-link [] (some-> (:link @session) link/close))

(defn- connected! [url more]
  (close-link)
  (reset! session (merge more {:link (link/open url heard)}))
  (let [hello @(call "/hello" {:proto 1 :client "clojure"})]
    @(call "/subscribe" {:topics ["note" "patch" "knob"]})
    (reset! state {:connected true :server hello :knobs {} :notes {}})
    (mirror-patch nil)
    hello))

(declare stop-server)

(defn boot!
  "Starts a server, which ends with this process, and connects. Options: `:program` (or MEGASYNTHD in the environment, or
  the PATH), `:backend` (\"auto\"), `:name`, `:options` more words of its command line, `:folder` for its sockets and state, `:log` file."
  ([] (boot! {}))
  ([options]
   (stop-server)
   (let [{:keys [urls] :as booted} (link/boot options)]
     (connected! (first (filter #(str/starts-with? % "unix:") urls)) booted))))

(defn- cable-names [from to]
  (let [from (patch/end (set (map name (keys (:knobs @state)))) "out" from) to (patch/end #{} "in" to)]
    {:from from :to to}))

(defn connect!
  "Without arguments, or with a map: to a running server (`:url`, or `:name`), and tells what it says of itself.
  With two ends: a cable, `(connect! [:lfo0 :out] [:osc0 :amp] {:amount 0.5 :as :octaves})`; a knob is its name alone."
  ([] (connect! {}))
  ([{:keys [url name] :or {name "main"}}]
   (let [tried (if url [url] (link/places name))
         failures (atom [])]
     (or (some #(try (connected! % {}) (catch java.io.IOException e (clojure.core/swap! failures conj (str % ": " (.getMessage e))) nil)) tried)
         (throw (ex-info (str "no server: " (str/join "; " @failures))
                         {:code "disconnected" :tried tried :hint "(boot!) starts one"})))))
  ([from to] (connect! from to {}))
  ([from to options] (call "/patch/edit" {:ops [(merge {:op "connect"} options (cable-names from to))]})))

(defn disconnect!
  "Takes a cable away."
  [from to]
  (call "/patch/edit" {:ops [(merge {:op "disconnect"} (cable-names from to))]}))

(defn- stop-server []
  (when-let [^Process p (:process @session)]
    (.destroy p)
    (when-not (.waitFor p 5 TimeUnit/SECONDS) (.destroyForcibly p)))
  (close-link)
  (reset! session nil))

(defn stop!
  "Ends the connection, and the server if it was booted here."
  []
  (stop-server)
  (reset! loaded nil)
  nil)

(defn panic! "All sound off, within a block." [] (call "/panic"))

;; ---- patches

(defn load!
  "Plays a patch. Promises `:rev :frame :warnings`."
  [p]
  (let [doc (patch/document p)]
    (reset! loaded (:name p))
    (call "/patch/load" {:patch doc})))

(defn- with-turned
  "The document with those knobs where they are that mean the same as before."
  [new old knobs]
  (reduce (fn [d [k v]] (if (= v (get-in old [:knobs k])) (assoc-in d [:knobs k :value] (get-in knobs [k :value] (:value v))) d))
          new (:knobs new)))

(defn swap!
  "Plays a patch in place of the one that plays: only what differs changes, knobs stay where they were turned, notes sound on."
  [p]
  (let [new (patch/document p)
        {old :patch rev :rev} (binding [*at* nil] @(call "/patch/get"))
        ops (when old (patch/diff old new))]
    (reset! loaded (:name p))
    (cond
      (nil? ops) (call "/patch/load" {:patch (if old (with-turned new old (:knobs @(call "/knob/list"))) new)})
      (empty? ops) (call "/ping")
      :else (call "/patch/edit" {:ops ops :rev rev}))))

(defn redefined
  "What `defpatch` calls: the patch that plays is swapped for what it is now."
  [p]
  (when (and (:connected @state) (= @loaded (:name p))) @(swap! p)))

(defmacro defpatch
  "Defines a patch. Where a patch of this name plays, it becomes the new one at once, without a gap."
  [name document]
  `(do (def ~name (merge {:name ~(str name)} ~document))
       (redefined ~name)
       (var ~name)))

(defn explain
  "Evaluation order and buses of what plays, or of a patch, as data; `:program`, what it compiles to, for what plays."
  ([] (assoc (explain (:patch @(call "/patch/get"))) :program (:text @(call "/patch/disasm"))))
  ([p] (let [doc (patch/document p)
             outputs (memoize #(map :name (:outputs (:module @(call "/module/get" {:name %})))))]
         {:voices (:voices doc 8) :knobs (:knobs doc) :order (patch/explain doc outputs)})))

(defn edit! "Operations, all or nothing." [& ops] (call "/patch/edit" {:ops (vec ops)}))
(defn undo! [] (call "/patch/undo"))
(defn redo! [] (call "/patch/redo"))

;; ---- knobs, parameters, notes

(defn set-knob!
  "Turns a knob, 0..1; `ms` long if given."
  ([knob value] (call "/knob/set" {:name (wire/text knob) :value value}))
  ([knob value ms] (call "/knob/set" {:name (wire/text knob) :value value :ramp_ms ms})))

(defn set-param! "A parameter of all voices, in its unit." [node param value]
  (call "/param/set" {:node (wire/text node) :param (wire/text param) :value value}))

(defn pitch
  "The key of `:c4` (60), `:f#3`, `:bb-1`, or of a number."
  [p]
  (if (number? p) p
      (let [[_ letter sign octave] (re-matches #"(?i)([a-g])(#|b)?(-?\d)" (wire/text p))]
        (when-not letter (throw (ex-info (str p ": no pitch") {:code "bad-value" :got p :hint "such as :c4, :f#3, :bb2"})))
        (+ ({"c" 0 "d" 2 "e" 4 "f" 5 "g" 7 "a" 9 "b" 11} (str/lower-case letter))
           ({"#" 1 "b" -1} sign 0) (* 12 (inc (parse-long octave)))))))

(defrecord Note [id key answer]
  clojure.lang.IDeref
  (deref [_] @answer))
(defmethod print-method Note [n ^java.io.Writer w] (.write w (str "#note " (pr-str (select-keys n [:id :key])))))
(prefer-method print-method clojure.lang.IRecord clojure.lang.IDeref)

(defn play
  "Starts a note, to be given to `stop` and `bend`; deref it for what the server says."
  ([p] (play p 0.8))
  ([p velocity]
   (let [id (.incrementAndGet ^AtomicInteger ids) key (pitch p)]
     (->Note id key (call "/note/on" {:key key :velocity velocity :id id})))))

(defn stop
  "Ends a note, notes in a collection, a pitch, or all."
  ([] (call "/note/all_off"))
  ([n] (cond (instance? Note n) (call "/note/off" {:id (:id n)})
             (sequential? n) (mapv stop n)
             :else (call "/note/off" {:key (pitch n)}))))

(defn change "A note's `:bend` (semitones), `:pressure`, `:timbre`, `:key`." [note what]
  (call "/note/set" (assoc what :id (:id note))))

(defn when-frame
  "What `at` takes, as the server takes it: seconds from now, `{:frame n}`, or `{:after promise :frames n}`."
  [t]
  (if (number? t)
    (let [{:keys [frame rate]} (binding [*at* nil] @(call "/clock"))] {:frame (long (+ frame (* t rate)))})
    t))

(defmacro at
  "Calls within take effect at `t`: seconds from now or a map as of `when-frame`. All of them on one frame."
  [t & body]
  `(binding [*at* (when-frame ~t)] ~@body))

;; ---- voices, buses, taps, recordings

(defn voices "Notes that sound." [] (call "/voice/list"))
(defn voice! "Reserves a voice." [p] (call "/voice/alloc" {:key (pitch p)}))
(defn free-voice! [voice] (call "/voice/free" {:voice voice}))
(defn buses [] (call "/bus/list"))
(defn bus! "Listens to an output port of a node." [node port] (call "/bus/new" {:node (wire/text node) :port (wire/text port)}))
(defn tap!
  "Calls `f` with a map of `:frame :peak :rms` every 50 ms, and `:samples` (bytes, little-endian float32) with `:every`."
  [bus f & {:as options}]
  (clojure.core/swap! heard-taps assoc bus f)
  (call "/bus/tap" (assoc options :bus bus)))
(defn untap! [bus] (clojure.core/swap! heard-taps dissoc bus) (call "/bus/untap" {:bus bus}))
(defn record! [file & {:as options}] (call "/record/start" (assoc options :file file)))
(defn stop-recording! [] (call "/record/stop"))
(defn status [] (call "/status"))
