;; SPDX-License-Identifier: MIT
(ns megasynth.core
  "A synth at the REPL: patches as data, knobs, notes, cables.

  Each call that reaches the server returns a promise at once. `deref` waits for the answer, a map;
  where the call has failed it throws an `ex-info` with the server's own `:code`, `:path`, `:hint`
  and `:message`; docs/protocol.md lists the codes. Of this client are disconnected, timeout (15 s),
  and would-wait, for a deref in a watch or a listener, where answers are read.

  Frames are counted since the server began, `:rate` of them a second."
  (:refer-clojure :exclude [swap!])
  (:require [clojure.java.io :as io]
            [clojure.pprint :as pprint]
            [clojure.string :as str]
            [megasynth.devices :as devices]
            [megasynth.diff :as diff]
            [megasynth.explain :as explain]
            [megasynth.link :as link]
            [megasynth.patch :as patch]
            [megasynth.session :as session]
            [megasynth.wire :as wire])
  (:import (java.io Writer)
           (java.util.concurrent.atomic AtomicInteger)))

(set! *warn-on-reflection* true)

;; ---- the session

(def state
  "An atom that mirrors the server; watches work, and must not wait for answers. All of it is of the
  synth `main`.

    :connected  whether there is a server
    :server     what it says of itself: :rate, :block, :limits, ...
    :patch :rev the document that plays, and its number
    :knobs      {:cutoff {:value 0.5 :range [80 12000] :scale \"exp\" :unit \"Hz\"}}
    :notes      those that sound, by the server's handle: {9 {:key 60 :id 3}}
    :last       the last notice of each kind of trouble: {:xrun {...} :late {...} :device {...}}
    :failure    the last call that failed, even if nobody has looked: {:code :path :hint ...}"
  session/state)

(defonce ^:private playing (atom {})) ; synth -> what `defpatch` knows the patch by

(defn boot!
  "Starts a server that ends with this process, connects to it, and returns what it says of itself.
  Options:

    :program  the server (MEGASYNTHD in the environment, else megasynthd on the PATH)
    :backend  \"auto\", \"jack\", \"alsa\", ..., or \"dummy\", which makes no sound
    :options  more words of its command line, such as [\"--latency\" 5]
    :name     for others who look for it (clojure-PID)
    :folder   for its socket and its state, in place of the user's
    :log      a file for what it says

  They are given as a map or as keywords: `(boot! :backend \"dummy\")`. If a server that was booted
  here with the same options runs already, that one stays, so a file that boots may be loaded again
  while it plays; `(stop!)` ends it.

  Throws an `ex-info` with `:code` audio where there is no sound device, file where there is no
  such program; `:log` is what the server has said."
  {:arglists '([] [options] [& {:keys [program backend options name folder log]}])}
  [& {:as options}]
  (or (session/booted options)
      (do (reset! playing {})
          (session/boot options))))

(defn stop!
  "Ends the connection, and the server if it was booted here."
  []
  (reset! playing {})
  (session/disconnect))

(defn call
  "Any command of the server by its address, arguments by name: a promise.
  `(call \"/note/on\" {:key 60 :velocity 0.8})`; `megasynth.commands` has a function for each."
  ([command] (call command {}))
  ([command arguments] (session/call command arguments)))

(defn panic!
  "Silences everything within a block, drones too, until something is loaded or played."
  []
  (call "/panic"))
(defn status "Promises load, counts of what went wrong, voices, the device." [] (call "/status"))

(defn on-notice!
  "Calls `(f notice)` for each notice of a topic, such as :xrun, :late, :log, :meter, :client.
  `key` is for `off-notice!`. `f` must not wait for answers."
  [topic key f]
  (clojure.core/swap! session/listeners assoc-in [(wire/text topic) key] f)
  (call "/subscribe" {:topics [topic]}))

(defn off-notice! "Takes the function of `on-notice!` away." [topic key]
  (clojure.core/swap! session/listeners update (wire/text topic) dissoc key)
  nil)

;; ---- when and where

(defn when-frame
  "A time as the server takes it. `t` is seconds from now, `{:frame n}`, or
  `{:after promise :frames n}`: so many frames after what that call has affected."
  [t]
  (cond
    (number? t) (let [{:keys [frame rate]} (session/ask-now "/clock")]
                  {:frame (long (+ frame (* t rate)))})
    (:after t) (update t :after #(if (instance? megasynth.link.Answer %) (link/number-of %) %))
    :else t))

(defmacro at
  "Calls within take effect at `t`, all on one frame, to the sample; `when-frame` has what `t` can
  be. Calls that cannot wait fail with `:code` bad-value."
  [t & body]
  `(binding [session/*at* (when-frame ~t)]
     (let [result# (do ~@body)]
       (if (seq? result#) (doall result#) result#))))

(defmacro together
  "Calls within go as one bundle: all take effect on one frame, or, if one fails, none. What they
  promise comes after the body has ended: do not deref within."
  [& body]
  `(session/send-together
    (fn [] (let [result# (do ~@body)]
             (if (seq? result#) (doall result#) result#)))))

(defmacro on-synth
  "Calls within go to another synth of the server, made with `(megasynth.commands/synth-new ...)`."
  [synth & body]
  `(binding [session/*synth* (wire/text ~synth)] ~@body))

;; ---- patches

(defn- identity-of [p] (or (::patch (meta p)) (:name p)))

(defn load!
  "Plays a patch (`megasynth.patch` says what that is) in place of what plays. What goes by the same
  name in both goes on: nodes keep their state, knobs of which the patch says the same as before
  stay where they were turned, notes sound on.

  Promises `:rev`, `:frame`, `:warnings`. Where it fails, `:path` is the place in the document,
  `:errors` has all that is wrong with it if that is more, and all is as before."
  [p]
  (let [answer (call "/patch/load" {:patch (patch/document p)})]
    (clojure.core/swap! playing assoc session/*synth* (identity-of p))
    answer))

(defn swap!
  "Plays a patch in place of the one that plays, by their difference: what is the same sounds on,
  knobs and parameters stay where they were turned unless the patch itself says something new, what
  has another name only keeps its state. Promises what `load!` does."
  [p]
  (session/attempt
   "/patch/edit"
   #(let [new (patch/document p)
          _ (session/ask-now "/sync") ; what was turned before comes before
          ; live values are not part of the difference
          {old :patch rev :rev} (session/ask-now "/patch/get" {:written true})
          ops (when old (diff/diff old new))]
      (clojure.core/swap! playing assoc session/*synth* (identity-of p))
      (cond
        (nil? ops) (call "/patch/load" {:patch new})
        (empty? ops) (call "/ping")
        :else (call "/patch/edit" {:ops ops :rev rev})))))

(defn changes
  "What `swap!` would do to get from one patch to another: operations, as data."
  [from to]
  (diff/diff (patch/document from) (patch/document to)))

(defn redefined
  "What `defpatch` calls: wherever the patch plays, it becomes what it is now."
  [p]
  (doseq [[synth played] @playing
          :when (and (:connected @state) (= played (identity-of p)))]
    (binding [session/*synth* synth] @(swap! p))))

(defmacro defpatch
  "Defines a patch, with a docstring if you like. Where it plays, it becomes the new one at once and
  without a gap (`swap!`): evaluate it again, or load its file again. Throws if that fails, and what
  played plays on."
  {:arglists '([name docstring? patch])}
  [name & [docstring? :as more]]
  (let [id (str (ns-name *ns*) "/" name)]
    `(do (def ~name ~@(when (string? docstring?) [docstring?])
           (vary-meta (merge {:name ~(str name)} ~(last more)) assoc ::patch ~id))
         (redefined ~name)
         (var ~name))))

(defn explain
  "What plays, or a patch, as the server evaluates it:

    {:name \"tremolo\" :voices 8
     :order  [{:node :lfo0 :module \"lfo\"     ; one after another, as they are evaluated
               :op :call                     ; or :input :output :bus-in :bus-out :read :write
               :scope :shared                ; :voice: once a voice; :constant: only after changes
               :hears {:freq [:speed]}       ; each port: knobs, and outputs such as [:lfo0 :out]
               :buses {:out :r2}}]           ; what it writes: r shared, v a bus of each voice
     :knobs  {:speed {:value 0.7 :drives [{:to [:lfo0 :freq] :range [0.01 100] :scale :exp
                                           :unit \"Hz\" :now 6.3}]}}
     :unheard [:osc9]}                       ; what reaches no output is not evaluated

  A bus is used again once nobody reads it any more. A patch that does not play is compiled in a
  silent synth of its own, which is gone afterwards."
  ([]
   (let [{:keys [patch]} (session/ask-now "/patch/get")
         modules (for [type (set (map :type (vals (:nodes patch))))]
                   [type (:module (session/ask-now "/module/get" {:name type}))])]
     (explain/explained patch
                        (:knobs (session/ask-now "/knob/list"))
                        (into {} modules)
                        (:text (session/ask-now "/patch/disasm")))))
  ([p]
   (let [synth (str (gensym "explain-"))]
     (session/ask-now "/synth/new" {:name synth :fader 0})
     (try (on-synth synth
            (session/ask-now "/patch/load" {:patch (patch/document p)})
            (explain))
          (finally (session/ask-now "/synth/free" {:name synth}))))))

(defn text
  "Promises the `:text` of what plays, as :json or :sexp: a file for `megasynth render`, for Pd, for
  anybody: `(spit \"lead.json\" (:text @(ms/text)))`."
  ([] (text :json))
  ([format] (call "/patch/get" {:format format})))

(defn save
  "Writes the patch as it sounds now into a file whose name says the format, .json or .sexp, and
  returns the name. A file that is there already is kept, unless `:force true`."
  [file & {:keys [force]}]
  (let [format (second (re-find #"\.(json|sexp)$" file))]
    (cond
      (nil? format) (throw (ex-info (str file ": a name that ends in .json or .sexp is wanted")
                                    {:code "bad-value" :path file}))
      (and (not force) (.exists (io/file file)))
      (throw (ex-info (str file " is there already") {:code "conflict" :path file
                                                      :hint ":force true writes over it"})))
    (spit file (:text @(text format)))
    file))

(defn modules "Promises `:modules`, what devices there are, in a few words each." []
  (call "/module/list"))

(defn module
  "Promises `:module`, all about a kind of device: its inputs, its parameters with range, unit and
  default, its outputs. `(module :filter)`."
  [kind]
  (call "/module/get" {:name (devices/module kind)}))

(defn edit!
  "Operations, all or nothing: `(edit! {:op \"remove\" :id :lfo0})`. Promises `:undo` as well, the
  operations that lead back."
  [& ops]
  (call "/patch/edit" {:ops (vec ops)}))

(defn undo! "Takes the last change of the patch back." [] (call "/patch/undo"))
(defn redo! "Makes it again." [] (call "/patch/redo"))

(defn add!
  "Adds a device: `(add! :echo [:delay {:time 0.3}])`."
  [id device]
  (let [node (get-in (patch/document {:nodes {id device}}) [:nodes (keyword (wire/text id))])]
    (edit! (merge {:op "add" :id id} node))))

(defn remove! "Takes a device away, and its cables." [id] (edit! {:op "remove" :id id}))
(defn rename! "Gives a device another name." [id to] (edit! {:op "rename" :id id :to to}))

(defn- edit-cables [op cable]
  (session/attempt
   "/patch/edit"
   #(let [document (:patch (session/ask-now "/patch/get"))]
      (apply edit! (for [c (patch/cables document cable)] (merge {:op op} c))))))

(defn connect!
  "Without arguments, or with a map: to a server that runs, by its `:url` (\"unix:PATH\",
  \"tcp://HOST:PORT\") or its `:name` (main); returns what it says of itself.

  With two ends: lays a cable, `(connect! [:lfo0 :out] [:osc0 :amp] {:amount 0.5 :as :octaves})`. A
  device alone is its :out or its :signal; a knob is its name. Promises what `edit!` does."
  ([] (connect! {}))
  ([server] (session/find-server server))
  ([from to] (connect! from to {}))
  ([from to options] (edit-cables "connect" [from to options])))

(defn disconnect! "Takes a cable away." [from to]
  (edit-cables "disconnect" [from to]))

;; ---- knobs and parameters

(defn set-knob!
  "Sets a knob, 0..1, with a linear ramp if `:ramp-ms` is given:
  `(set-knob! :cutoff 0.8 :ramp-ms 500)`.
  Promises `:frame`. For an unknown knob fails with `:code` not-found and a hint."
  [knob value & {:keys [ramp-ms]}]
  (call "/knob/set" (cond-> {:name knob :value value} ramp-ms (assoc :ramp_ms ramp-ms))))

(defn knob "Promises a knob's `:value`, `:range`, `:scale`, `:unit`." [knob]
  (call "/knob/get" {:name knob}))

(defn add-knob!
  "Another knob, to be connected: `(add-knob! :speed {:value 0.4 :range [0.1 20] :scale :exp})`."
  [id knob]
  (let [{:keys [knobs]} (patch/document {:knobs {id knob}})]
    (edit! (merge {:op "knob" :id id} (first (vals knobs))))))

(defn remove-knob! "Takes a knob away, and its cables." [id] (edit! {:op "unknob" :id id}))

(defn- module-of
  "The module that a node is: of the mirror, or, where that does not know the node, of the server."
  [node]
  (let [type-in #(get-in % [:patch :nodes (keyword (wire/text node)) :type])]
    (or (when (= session/*synth* "main") (type-in @state))
        (type-in (session/ask-now "/patch/get")))))

(defn set-param!
  "Sets a parameter of a device, in its unit, with a ramp if `:ramp-ms` is given:
  `(set-param! :filt :cutoff 800)`. A choice is an edit of the patch, which `undo!` reverses:
  `(set-param! :filt :type :high-pass)`. Promises `:frame`."
  [node input value & {:keys [ramp-ms]}]
  (session/attempt
   "/param/set"
   #(let [module (module-of node)
          ports (devices/ports-of module input)
          value (devices/value-of module input value)]
      (if (number? value)
        (last (for [port ports]
                (call "/param/set" (cond-> {:node node :param port :value value}
                                     ramp-ms (assoc :ramp_ms ramp-ms)))))
        (apply edit! (for [port ports] {:op "set" :id node :param port :value value}))))))

(defn param "Promises a parameter's `:value`, `:min`, `:max`, `:unit`, `:doc`." [node input]
  (session/attempt
   "/param/get"
   #(call "/param/get" {:node node :param (first (devices/ports-of (module-of node) input))})))

(defn recall!
  "Recalls a preset of the patch, morphing to it if `:morph-ms` is given."
  [preset & {:keys [morph-ms]}]
  (call "/preset/recall" (cond-> {:name preset} morph-ms (assoc :morph_ms morph-ms))))

(defn save-preset! "Saves the current values of all knobs and parameters as a preset." [preset]
  (call "/preset/save" {:name preset}))

;; ---- notes

(def ^:private steps {"c" 0, "d" 2, "e" 4, "f" 5, "g" 7, "a" 9, "b" 11})
(def ^:private accidentals {nil 0, "#" 1, "b" -1})

(defn pitch
  "The key of `:c4` (60), `:f#3`, `:bb-1`; a number is itself, 60.5 a quarter-tone above 60."
  [p]
  (if (number? p)
    p
    (let [[_ letter sign octave] (re-matches #"(?i)([a-g])([#b])?(-?\d)" (wire/text p))]
      (when-not letter
        (throw (ex-info (str p " is no pitch")
                        {:code "bad-value" :got p :hint "such as :c4, :f#3, :bb2, 60"})))
      (+ (steps (str/lower-case letter))
         (accidentals (some-> sign str/lower-case))
         (* 12 (inc (parse-long octave)))))))

(defrecord Note [id key answer]
  clojure.lang.IDeref
  (deref [_] @answer))

(defmethod print-method Note [note ^Writer out]
  (let [^String text (or (link/failure-text (:answer note))
                         (str "#note " (pr-str (select-keys note [:id :key]))))]
    (.write out text)))
(defmethod pprint/simple-dispatch Note [note] (pr note))

(defonce ^:private ids (AtomicInteger.))

(defn play
  "Starts a note, `(play :c4)`, or several, `(play [:c4 :e4 :g4])`, at a velocity of 0..1. What it
  returns is for `stop` and `change`, at once; deref a note for the server's answer."
  ([p] (play p 0.8))
  ([p velocity]
   (if (sequential? p)
     (mapv #(play % velocity) p)
     (let [id (.incrementAndGet ^AtomicInteger ids)
           key (pitch p)]
       (->Note id key (call "/note/on" {:key key :velocity velocity :id id}))))))

(defn stop
  "Ends a note, the notes of a collection, a pitch, or all."
  ([] (call "/note/all_off"))
  ([note]
   (cond
     (instance? Note note) (call "/note/off" {:id (:id note)})
     (sequential? note) (mapv stop note)
     :else (call "/note/off" {:key (pitch note)}))))

(defn change
  "Changes a note while it sounds: `:bend` in semitones, `:pressure` and `:timbre` 0..1, `:key`; or
  its own value of a parameter, `{:node :filt :param :freq :value 800}`."
  [note what]
  (call "/note/set" (cond-> (assoc what :id (:id note))
                      (:key what) (update :key pitch))))

(defn control!
  "Changes all notes: `:sustain`, `:sostenuto`, `:pressure`, `:timbre` 0..1, `:bend` -1..1."
  [what value]
  (call "/note/control" {:what what :value value}))

;; ---- voices, buses, taps, recordings

(defn voices "Promises `:notes` that sound, `:reserved` voices, and how many there are." []
  (call "/voice/list"))

(defn voice!
  "Reserves a voice, to be played with /note/set. Promises `:voice`, and `:buses`, the number of the
  bus of each of its outputs: {:osc0 {:out 1010}}."
  [p]
  (call "/voice/alloc" {:key (pitch p)}))

(defn free-voice! "Frees a reserved voice." [voice] (call "/voice/free" {:voice voice}))

(defn buses "Promises `:buses`, all that there are." [] (call "/bus/list"))

(defn bus!
  "Promises `:bus`, the number of a bus that carries what an output of a device gives, all voices
  together: `(bus! :osc0 :out)`; or of a new one, `(bus! {:kind :control :name \"wind\"})`, for
  devices `bus.in` and `bus.out`."
  ([options] (call "/bus/new" options))
  ([node port] (call "/bus/new" {:node node :port port})))

(defn free-bus! "Frees a bus." [bus] (call "/bus/free" {:bus bus}))
(defn set-bus! "The value of a control bus." [bus value]
  (call "/bus/set" {:bus bus :value value}))

(defn bus "Promises what goes over a bus now: `:value`, `:peak`, `:rms`." [bus]
  (call "/bus/get" {:bus bus}))

(defn tap!
  "Calls `(f {:frame :peak :rms})` every 50 ms, or `:ms`, with what goes over a bus; with `:every` n
  also `:samples`, each n-th frame (bytes, little-endian float32). `f` must not wait for answers."
  [bus f & {:as options}]
  (clojure.core/swap! session/taps assoc bus f)
  (call "/bus/tap" (assoc options :bus bus)))

(defn untap! "Ends a tap." [bus]
  (clojure.core/swap! session/taps dissoc bus)
  (call "/bus/untap" {:bus bus}))

(defn record!
  "Records what is heard, or a `:bus`, into a .wav or .flac file below the server's root; `:format`
  float, pcm24 or pcm16, `:seconds`. Promises `:file` and `:frame`."
  [file & {:as options}]
  (call "/record/start" (assoc options :file file)))

(defn stop-recording! "Ends all recordings. Promises `:recordings`." [] (call "/record/stop"))
