;; SPDX-License-Identifier: MIT
(ns megasynth.link
  "One connection to a server: requests go out, answers come to their promises, and whatever was
  not asked for goes to one function."
  (:require [clojure.pprint :as pprint]
            [clojure.string :as str]
            [megasynth.wire :as wire])
  (:import (java.io EOFException IOException Writer)
           (java.net InetSocketAddress StandardProtocolFamily StandardSocketOptions
                     UnixDomainSocketAddress)
           (java.nio ByteBuffer)
           (java.nio.channels SocketChannel)
           (java.util.concurrent CompletableFuture ConcurrentHashMap ExecutionException TimeUnit
                                 TimeoutException)
           (java.util.concurrent.atomic AtomicInteger)
           (java.util.function Consumer)))

(set! *warn-on-reflection* true)

(def answer-seconds "How long `deref` waits for an answer before it fails." 15)
(def print-ms "How long printing waits for an answer: at a REPL that is all that is wanted." 500)
(def frame-bytes-max "A longer frame is no answer of a server." 67108864)

;; ---- answers

(def ^:private ^ThreadLocal reading "Set on threads that read answers." (ThreadLocal.))

(defn- would-wait [command]
  (ex-info (str command ": watches and listeners must not wait: they run where answers are read")
           {:code "would-wait" :command command :hint "deref in a (future ...)"}))

(defn- await-answer [command ^CompletableFuture f ms]
  (when (and (.get reading) (not (.isDone f)))
    (throw (would-wait command)))
  (try (.get f ms TimeUnit/MILLISECONDS)
       (catch ExecutionException e (throw (.getCause e)))))

(defn- no-answer [command]
  (ex-info (str command ": no answer in " answer-seconds " s") {:code "timeout" :command command}))

(deftype Answer [command number ^CompletableFuture future]
  clojure.lang.IDeref
  (deref [_]
    (try (await-answer command future (* 1000 answer-seconds))
         (catch TimeoutException _ (throw (no-answer command)))))
  clojure.lang.IBlockingDeref
  (deref [_ ms otherwise]
    (try (await-answer command future ms) (catch TimeoutException _ otherwise)))
  clojure.lang.IPending
  (isRealized [_] (.isDone future)))

(alter-meta! #'->Answer assoc :private true)

(defn- printed
  "What `f` makes of an answer that arrives within `print-ms`, or of :pending; or the text of its
  failure."
  [answer f]
  (try (f (deref answer print-ms :pending))
       (catch clojure.lang.ExceptionInfo e
         (str "#failure " (pr-str (ex-message e) (ex-data e))))))

(defn failure-text "An answer's failure as it is printed; nil where it has not failed." [answer]
  (printed answer (constantly nil)))

(defn- shown
  "An answer as it is printed; what leads back, which may be a whole document, is only for `deref`."
  [answer]
  (printed answer #(str "#answer " (pr-str (cond-> % (map? %) (dissoc :undo))))))

(defmethod print-method Answer [answer ^Writer out] (.write out ^String (shown answer)))
(defmethod pprint/simple-dispatch Answer [answer] (pr answer))

(defn number-of "The number of the request that this is the answer to." [^Answer answer]
  (.-number answer))

(defn on-answer
  "Calls `f` with the answer once it is there, on the thread that reads; failures are passed over."
  [^Answer answer f]
  (.thenAccept ^CompletableFuture (.-future answer)
               (reify Consumer (accept [_ v] (f v))))
  answer)

(defn failed
  "An answer that has failed already, with an `ex-info`."
  [command failure]
  (->Answer command nil (doto (CompletableFuture.) (.completeExceptionally failure))))

(defn- failure [command code details]
  (let [hint (:hint details)]
    (ex-info (cond-> (str command ": " (:message details)) hint (str "; " hint))
             (assoc details :code code :command command))))

;; ---- a connection

(defrecord Link [url ^SocketChannel channel ^ConcurrentHashMap waiting ^AtomicInteger numbers gone])

(defn- gone-error [link command]
  (ex-info (str command ": the server at " (:url link) " is gone; boot! or connect! again")
           {:code "disconnected" :command command :url (:url link)}))

(defn close
  "Ends a connection; whatever waits for an answer fails with `:code` disconnected."
  [{:keys [^SocketChannel channel ^ConcurrentHashMap waiting gone] :as link}]
  (deliver gone true)
  (.close channel)
  (doseq [[number [command ^CompletableFuture future]] waiting]
    (.remove waiting number)
    (.completeExceptionally future (gone-error link command))))

(defn alive? "Whether the connection stands." [link]
  (not (realized? (:gone link))))

(defn- fill [^SocketChannel channel ^ByteBuffer b]
  (while (.hasRemaining b)
    (when (neg? (.read channel b)) (throw (EOFException.))))
  (.flip b))

(defn- read-packet [channel]
  (let [size (.getInt ^ByteBuffer (fill channel (ByteBuffer/allocate 4)))]
    (when-not (<= 0 size frame-bytes-max) (throw (IOException. "no frame")))
    (.array ^ByteBuffer (fill channel (ByteBuffer/allocate size)))))

(defn- take-in
  "Gives a packet to whom it is for. Failures are heard besides, since nobody may deref them."
  [{:keys [^ConcurrentHashMap waiting]} heard packet]
  (let [[address [number command & more :as arguments]] (wire/parse packet)
        [_ ^CompletableFuture future] (when (#{"/done" "/fail"} address)
                                        (.remove waiting number))]
    (when-not (and future (= address "/done"))
      (heard address arguments))
    (when future
      (if (= address "/done")
        (.complete future (first more))
        (.completeExceptionally future (failure command (first more) (second more)))))))

(defn- listen [link heard]
  (.set reading true)
  (try (while true
         (take-in link heard (read-packet (:channel link))))
       (catch IOException _)
       (finally
         (close link)
         (heard "gone" []))))

(defn send-bytes
  "Sends a packet, whole."
  [{:keys [^SocketChannel channel] :as link} packet]
  (let [b (wire/framed packet)]
    (locking channel
      (try (while (.hasRemaining b) (.write channel b))
           (catch IOException _ (close link))))))

(defn ask
  "Sends a request by `post`, a function of its bytes, and returns its `Answer` at once."
  ([link command arguments] (ask link command arguments #(send-bytes link %)))
  ([{:keys [^ConcurrentHashMap waiting ^AtomicInteger numbers] :as link} command arguments post]
   (let [number (long (.incrementAndGet numbers))
         packet (wire/request number command arguments)
         future (CompletableFuture.)]
     (.put waiting number [command future])
     (when (alive? link) (post packet))
     (when-not (alive? link)
       (.remove waiting number)
       (.completeExceptionally future (gone-error link command)))
     (->Answer command number future))))

(defn- channel-to ^SocketChannel [^String url]
  (if-let [[_ host port] (re-matches #"tcp:(?://)?(.*):(\d+)" url)]
    (doto (SocketChannel/open (InetSocketAddress. ^String host (int (parse-long port))))
      (.setOption StandardSocketOptions/TCP_NODELAY true))
    (doto (SocketChannel/open StandardProtocolFamily/UNIX)
      (.connect (UnixDomainSocketAddress/of (str/replace-first url "unix:" ""))))))

(defn open
  "Connects to `unix:PATH` or `tcp://HOST:PORT`. `heard` is called with the address and the
  arguments of whatever was not asked for, of failures, and with \"gone\" in the end.
  Throws `IOException` where nobody listens."
  [url heard]
  (let [link (->Link url (channel-to url) (ConcurrentHashMap.) (AtomicInteger.) (promise))]
    (doto (Thread. ^Runnable #(listen link heard) "megasynth-reader")
      (.setDaemon true)
      (.start))
    link))
