;; SPDX-License-Identifier: MIT
(ns megasynth.boot
  "Finding servers, and starting them."
  (:require [clojure.java.io :as io]
            [clojure.string :as str])
  (:import (java.io BufferedReader File IOException)
           (java.lang ProcessBuilder$Redirect ProcessHandle)
           (java.nio.file Files LinkOption)
           (java.util.concurrent TimeUnit)))

(set! *warn-on-reflection* true)

(defn- user-id []
  (Files/getAttribute (.toPath (io/file "/proc/self")) "unix:uid" (into-array LinkOption [])))

(defn- runtime-folder []
  (if-let [folder (not-empty (System/getenv "XDG_RUNTIME_DIR"))]
    (str folder "/megasynth")
    (str "/tmp/megasynth-" (user-id))))

(defn own-token
  "The token that the server at an address of this machine has left for its own user, who may need
  none; nil if there is none."
  [url]
  (let [folder (io/file (runtime-folder))]
    (when (and (.isDirectory folder)
               (= (user-id) (Files/getAttribute (.toPath folder) "unix:uid"
                                                (into-array [LinkOption/NOFOLLOW_LINKS]))))
      (some (fn [^File file]
              (let [text (try (slurp file) (catch IOException _ ""))]
                (when (str/includes? text (str \" url \"))
                  (second (re-find #"\"token\":\"([^\"\\]+)\"" text)))))
            (filter #(str/ends-with? (str %) ".json") (.listFiles folder))))))

(defn places
  "Addresses at which a server of that name may be."
  [server-name]
  (cond-> [(str "unix:" (runtime-folder) "/" server-name ".sock")]
    (= server-name "main") (conj "tcp://127.0.0.1:57140")))

(defn- on-lasting-thread
  "What `f` returns, called on a thread that lasts: Linux ends a child with the *thread* that
  started it, not with the process."
  [f]
  (let [result (promise)
        work #(do (deliver result (try (f) (catch Throwable e e)))
                  (.join (Thread/currentThread)))]
    (doto (Thread. ^Runnable work "megasynth-parent")
      (.setDaemon true)
      (.start))
    (if (instance? Throwable @result) (throw @result) @result)))

(defn- words [{:keys [program name backend options] :or {backend "auto"}}]
  (into [(or program (System/getenv "MEGASYNTHD") "megasynthd")
         "--name" (or name (str "clojure-" (.pid (ProcessHandle/current))))
         "--backend" backend
         "--port" "0"
         "--exit-with-parent"]
        (map str)
        options))

(defn- builder ^ProcessBuilder [{:keys [folder log] :as options}]
  (let [builder (ProcessBuilder. ^java.util.List (words options))]
    (.redirectError builder (ProcessBuilder$Redirect/appendTo log))
    (when folder
      (.mkdirs (io/file folder))
      (doto (.environment builder)
        (.put "XDG_RUNTIME_DIR" (str folder))
        (.put "XDG_STATE_HOME" (str folder "/state"))))
    builder))

(def ^:private causes
  "Codes for what the server says as it ends."
  {1 "internal", 2 "bad-value", 3 "audio", 4 "conflict", 5 "denied", 6 "file"})

(defn- not-started [program log exit]
  (let [said (str/trim (slurp log))]
    (ex-info (str program " did not start: " (last (str/split-lines said)))
             {:code (causes exit "internal") :exit exit :log said
              :hint "{:backend \"dummy\"} makes no sound and needs no device"})))

(defn- start ^Process [^ProcessBuilder builder]
  (try (on-lasting-thread #(.start builder))
       (catch IOException e
         (throw (ex-info (str "no server to boot: " (ex-message e))
                         {:code "file" :path (first (.command builder))
                          :hint "give :program, or MEGASYNTHD in the environment"})))))

(defn boot
  "Starts a server that ends with this process. Options as of `megasynth.core/boot!`. Returns
  `{:process :urls :log}`, where it can be reached and the file of what it says."
  [options]
  (let [log (or (some-> (:log options) io/file)
                (doto (File/createTempFile "megasynthd-" ".log") (.deleteOnExit)))
        builder (builder (assoc options :log log))
        process (start builder)
        line (.readLine ^BufferedReader (io/reader (.getInputStream process)))]
    (when-not (some-> line (str/starts-with? "ready "))
      (throw (not-started (first (.command builder)) log (.waitFor process))))
    (.addShutdownHook (Runtime/getRuntime) (Thread. ^Runnable #(.destroy process)))
    {:process process :urls (vec (rest (str/split line #" "))) :log log}))

(defn end
  "Ends a server that was booted here; waits for it, 5 s at most."
  [^Process process]
  (.destroy process)
  (when-not (.waitFor process 5 TimeUnit/SECONDS)
    (.destroyForcibly process)))
