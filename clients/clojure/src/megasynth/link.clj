;; SPDX-License-Identifier: MIT
;; link -- one connection to a server: requests out, answers to their promises, the rest to one function; and booting.
(ns megasynth.link
  (:require [clojure.java.io :as io]
            [clojure.string :as str]
            [megasynth.wire :as wire])
  (:import (java.io BufferedReader EOFException IOException)
           (java.net InetSocketAddress StandardProtocolFamily StandardSocketOptions UnixDomainSocketAddress)
           (java.nio ByteBuffer)
           (java.nio.channels SocketChannel)
           (java.util.concurrent CompletableFuture ConcurrentHashMap ExecutionException TimeUnit TimeoutException)
           (java.util.concurrent.atomic AtomicInteger)))

(set! *warn-on-reflection* true)

(def answer-seconds "How long `deref` waits for an answer before it fails." 15)
(def frame-bytes-max "A longer frame is no answer of a server." 67108864)

;; ---- answers

(defn- await-answer [^CompletableFuture f ms]
  (try (.get f ms TimeUnit/MILLISECONDS)
       (catch ExecutionException e (throw (.getCause e)))))

(deftype Answer [^CompletableFuture future command]
  clojure.lang.IDeref
  (deref [_]
    (try (await-answer future (* 1000 answer-seconds))
         (catch TimeoutException _
           (throw (ex-info (str command ": no answer in " answer-seconds " s") {:code "timeout" :command command})))))
  clojure.lang.IBlockingDeref
  (deref [_ ms otherwise]
    (try (await-answer future ms) (catch TimeoutException _ otherwise)))
  clojure.lang.IPending
  (isRealized [_] (.isDone future)))

(defn on-answer
  "Calls `f` with the answer once it is there; failures are passed over."
  [^Answer answer f]
  (.thenAccept ^CompletableFuture (.-future answer)
               (reify java.util.function.Consumer (accept [_ v] (f v))))
  answer)

(defn failed
  "An answer that has failed already."
  [command data message]
  (->Answer (doto (CompletableFuture.)
              (.completeExceptionally (ex-info message (assoc data :command command))))
            command))

(defn- failure [command code details]
  (ex-info (str command ": " (:message details) (when-let [h (:hint details)] (str "; " h)))
           (assoc details :code code :command command)))

;; ---- connections

(defrecord Link [url ^SocketChannel channel ^ConcurrentHashMap waiting ^AtomicInteger numbers gone])

(defn- gone-error [link command]
  (ex-info (str command ": the server at " (:url link) " is gone; (megasynth.core/connect!) finds it again")
           {:code "disconnected" :command command :url (:url link)}))

(defn close
  "Ends a connection; all that waits for an answer fails."
  [{:keys [^SocketChannel channel ^ConcurrentHashMap waiting gone] :as link}]
  (deliver gone true)
  (.close channel)
  (doseq [[n [command ^CompletableFuture f]] waiting]
    (.remove waiting n)
    (.completeExceptionally f (gone-error link command))))

(defn alive? [link] (not (realized? (:gone link))))

(defn- fill [^SocketChannel channel ^ByteBuffer b]
  (while (.hasRemaining b) (when (neg? (.read channel b)) (throw (EOFException.))))
  (.flip b))

(defn- read-packet [channel]
  (let [size (.getInt ^ByteBuffer (fill channel (ByteBuffer/allocate 4)))]
    (when-not (<= 0 size frame-bytes-max) (throw (IOException. "no frame")))
    (.array ^ByteBuffer (fill channel (ByteBuffer/allocate size)))))

(defn- take-in [{:keys [^ConcurrentHashMap waiting]} heard packet]
  (let [[address [number command code details :as arguments]] (wire/parse packet)
        [_ ^CompletableFuture f] (when (#{"/done" "/fail"} address) (.remove waiting number))]
    (cond
      (nil? f) (heard address arguments)
      (= address "/done") (.complete f code) ; its third argument is the answer
      :else (.completeExceptionally f (failure command code details)))))

(defn- listen [link heard]
  (try (while true
         (let [packet (read-packet (:channel link))]
           (take-in link heard packet)))
       (catch IOException _)
       (finally (close link) (heard "gone" []))))

(defn send-bytes
  "Sends a packet, whole."
  [{:keys [^SocketChannel channel] :as link} packet]
  (let [b (wire/framed packet)]
    (locking channel
      (try (while (.hasRemaining b) (.write channel b))
           (catch IOException _ (close link))))))

(defn ask
  "Sends a request, returns its `Answer` at once."
  [{:keys [^ConcurrentHashMap waiting ^AtomicInteger numbers] :as link} command arguments]
  (let [number (long (.incrementAndGet numbers)) f (CompletableFuture.) packet (wire/request number command arguments)]
    (.put waiting number [command f])
    (when (alive? link) (send-bytes link packet))
    (when-not (alive? link)
      (.remove waiting number)
      (.completeExceptionally f (gone-error link command)))
    (->Answer f command)))

(defn- channel-to ^SocketChannel [^String url]
  (if-let [[_ host port] (re-matches #"tcp:(?://)?(.*):(\d+)" url)]
    (doto (SocketChannel/open (InetSocketAddress. ^String host (Integer/parseInt port)))
      (.setOption StandardSocketOptions/TCP_NODELAY true))
    (doto (SocketChannel/open StandardProtocolFamily/UNIX)
      (.connect (UnixDomainSocketAddress/of (str/replace-first url "unix:" ""))))))

(defn open
  "Connects to `unix:PATH` or `tcp://HOST:PORT`; `heard` gets address and arguments of whatever was not asked for,
  and \"gone\" in the end."
  [url heard]
  (let [link (->Link url (channel-to url) (ConcurrentHashMap.) (AtomicInteger.) (promise))]
    (doto (Thread. ^Runnable #(listen link heard) "megasynth-reader") (.setDaemon true) (.start))
    link))

;; ---- finding and booting

(defn runtime-folder
  "Where servers put their sockets."
  []
  (if-let [folder (not-empty (System/getenv "XDG_RUNTIME_DIR"))]
    (str folder "/megasynth")
    (str "/tmp/megasynth-" (java.nio.file.Files/getAttribute (.toPath (io/file "/proc/self")) "unix:uid"
                                                            (into-array java.nio.file.LinkOption [])))))

(defn places
  "Addresses at which a server of that name may be."
  [server-name]
  (cond-> [(str "unix:" (runtime-folder) "/" server-name ".sock")]
    (= server-name "main") (conj "tcp://127.0.0.1:57140")))

(defn- stays-alive
  "Runs `f` on a thread that lives as long as the process: Linux ends a child with the *thread* that started it."
  [f]
  (let [result (promise)]
    (doto (Thread. ^Runnable #(do (deliver result (try (f) (catch Throwable e e)))
                                  (.join (Thread/currentThread))) "megasynth-parent")
      (.setDaemon true) (.start))
    (let [r @result] (if (instance? Throwable r) (throw r) r))))

(defn boot
  "Starts a server that ends with this process. Returns `{:process :urls}`."
  [{:keys [program name backend options folder log] :or {backend "auto"}}]
  (let [program (or program (System/getenv "MEGASYNTHD") "megasynthd")
        name (or name (str "clojure-" (.pid (java.lang.ProcessHandle/current))))
        builder (ProcessBuilder. ^java.util.List (into [program "--backend" backend "--port" "0" "--name" name
                                                       "--exit-with-parent"] (map str options)))]
    (.redirectError builder (if log (java.lang.ProcessBuilder$Redirect/appendTo (io/file log))
                                java.lang.ProcessBuilder$Redirect/DISCARD))
    (when folder
      (doto (.environment builder)
        (.put "XDG_RUNTIME_DIR" (str folder))
        (.put "XDG_STATE_HOME" (str folder "/state"))))
    (let [^Process process (try (stays-alive #(.start builder))
                                (catch IOException e
                                  (throw (ex-info (str "no server to boot: " (.getMessage e))
                                                  {:code "file" :path program
                                                   :hint "give :program, or MEGASYNTHD in the environment"}))))
          line (.readLine ^BufferedReader (io/reader (.getInputStream process)))]
      (when-not (some-> line (str/starts-with? "ready "))
        (throw (ex-info (str program " did not start" (when line (str ": " line)))
                        {:code "audio" :exit (.waitFor process) :hint ":log FILE keeps what it says"})))
      (.addShutdownHook (Runtime/getRuntime) (Thread. ^Runnable #(.destroy process)))
      {:process process :urls (rest (str/split line #" "))})))
