;; SPDX-License-Identifier: MIT
(ns megasynth.rig
  "What the tests stand on: a server each, files, JSON, and sound as numbers."
  (:require [clojure.edn :as edn]
            [clojure.java.io :as io]
            [clojure.java.shell :as shell]
            [clojure.string :as str]
            [clojure.walk :as walk]
            [megasynth.core :as ms])
  (:import (java.io File)
           (java.nio ByteBuffer ByteOrder)
           (java.nio.file Files)
           (java.nio.file.attribute FileAttribute)))

(defn- setting [k] (System/getProperty (str "megasynth." k)))
(defn program "The server." [] (setting "program"))

(def folder "Where the tests write."
  (delay (.toFile (Files/createTempDirectory "megasynth-clj" (into-array FileAttribute [])))))

(defn file ^File [name] (io/file @folder name))
(defn source "A file of the project." ^File [path] (io/file (setting "top") path))

(defn clean "Leaves nothing behind." []
  (ms/stop!)
  (run! io/delete-file (reverse (file-seq @folder))))

(defn options "Of `boot!`." []
  {:program (program) :backend "dummy" :folder @folder
   :options ["--state" "none" "--root" @folder]})

(defn boot "A server without sound." []
  (ms/boot! (options)))

(defn with-server "A fixture." [f]
  (boot)
  (f)
  (ms/stop!))

(defmacro failure
  "What the body fails with, as data."
  [& body]
  `(try ~@body nil (catch clojure.lang.ExceptionInfo e# (ex-data e#))))

(defn until "Waits 2 s at most for `f` to be true." [f]
  (loop [n 0]
    (or (f) (when (< n 200) (Thread/sleep 10) (recur (inc n))))))

(defn ms-of "Milliseconds that `f` takes." [f]
  (let [began (System/nanoTime)]
    (f)
    (/ (- (System/nanoTime) began) 1e6)))

(defn json
  "JSON as data: the same as EDN but for the colons after keys."
  [text]
  (walk/keywordize-keys
   (edn/read-string (str/replace text #"(\"(?:[^\"\\]|\\.)*\")\s*:" "$1 "))))

(defn readme "The examples of the README, each a list of forms." []
  (for [[_ block] (re-seq #"(?s)```clojure\n(.*?)```" (slurp (source "clients/clojure/README.md")))]
    (read-string (str "(" block ")"))))

;; ---- sound

(defn render
  "A document, as the server holds it, rendered by the command line: the bytes of a file."
  [text & arguments]
  (spit (file "held.json") text)
  (let [{:keys [exit err]} (apply shell/sh (setting "cli") "render" (str (file "held.json"))
                                  "-o" (str (file "held.wav")) arguments)]
    (assert (zero? exit) err)
    (Files/readAllBytes (.toPath (file "held.wav")))))

(defn held "The document in force, as JSON." []
  (:text @(ms/call "/patch/get" {:format "json"})))

(defn- find-chunk
  "Where the data of a chunk of a wave file begins, and how long it is."
  [^ByteBuffer b wanted]
  (loop [at 12]
    (let [id (String. (.array b) at 4)
          size (.getInt b (+ at 4))]
      (if (= id wanted)
        [(+ at 8) (min size (- (.capacity b) at 8))]
        (recur (+ at 8 size (rem size 2)))))))

(defn samples
  "The left channel of a stereo wave file of floats, a double array."
  ^doubles [^bytes data]
  (let [b (.order (ByteBuffer/wrap data) ByteOrder/LITTLE_ENDIAN)
        [at size] (find-chunk b "data")]
    (double-array (map #(.getFloat b (int (+ at (* 8 %)))) (range (quot size 8))))))

(defn recording
  "What is heard while `f` runs, `samples`."
  [f]
  (let [name (str (gensym "take") ".wav")]
    @(ms/record! name :format "float")
    (f)
    @(ms/stop-recording!)
    (samples (Files/readAllBytes (.toPath (file name))))))

(defn levels
  "RMS of windows of `frames`."
  [^doubles sound frames]
  (mapv (fn [w] (Math/sqrt (/ (reduce + (map #(* % %) w)) frames)))
        (partition frames sound)))

(defn roughness
  "The largest second difference: what a click has and a slow wave has not."
  [sound]
  (transduce (map (fn [[a b c]] (Math/abs (double (+ a c (* -2 b)))))) max 0 (partition 3 1 sound)))
