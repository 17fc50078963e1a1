;; SPDX-License-Identifier: MIT
(ns megasynth.process-test
  "Processes that are killed, and those that do not start."
  (:require [clojure.java.io :as io]
            [clojure.test :refer [deftest is]]
            [megasynth.core :as ms]
            [megasynth.link :as link]
            [megasynth.rig :as rig :refer [failure until]]
            [megasynth.session :as session])
  (:import (java.io BufferedReader IOException)))

(def ^:private drone {:devices {:o :osc.sine} :connections [[:o :out]]})

(deftest a-server-is-killed
  (rig/boot)
  @(ms/load! drone)
  (let [waiting (doall (repeatedly 500 #(ms/call "/sync")))
        began (System/nanoTime)]
    (.destroyForcibly ^Process (:process @session/session))
    (is (= "disconnected" (last (map #(:code (failure @%)) waiting))) "whoever waits is told")
    (is (until #(not (:connected @ms/state))) "the mirror tells")
    (is (= "disconnected" (:code (failure @(ms/play :c4)))))
    (is (= "disconnected" (:code (failure @(ms/swap! drone)))))
    (println (format "known %.0f ms after the server was killed"
                     (/ (- (System/nanoTime) began) 1e6))))
  (rig/boot)
  (is (:rev @(ms/load! drone)) "boot! and load! again")
  (let [process (:process @session/session)]
    (ms/stop!)
    (is (not (.isAlive ^Process process)) "no stray server"))
  (is (= "disconnected" (:code (failure @(ms/play :c4))))))

(deftest booting-again
  (rig/boot)
  @(ms/load! drone)
  (let [process (:process @session/session)
        session (:session (:server @ms/state))]
    (is (= session (:session (rig/boot))) "the same options: the server that runs")
    (is (identical? process (:process @session/session)))
    (is (:patch @(ms/call "/patch/get")) "what plays plays")
    (apply ms/boot! (mapcat identity (assoc (rig/options) :name "another")))
    (is (not (identical? process (:process @session/session))) "other options: another server")
    (is (not (.isAlive ^Process process))))
  (ms/stop!)
  (rig/boot)
  (is (= "disconnected" (:code (do (.destroyForcibly ^Process (:process @session/session))
                                   (until #(not (:connected @ms/state)))
                                   (failure @(ms/play :c4))))))
  (is (:session (rig/boot)) "a dead server does not count as running")
  (ms/stop!))

(deftest a-note-that-fails-is-printed-as-a-failure
  (is (re-find #"#failure .*boot! or connect! first" (pr-str (ms/play :c4))))
  (rig/boot)
  @(ms/load! drone)
  (is (re-find #"#note \{:id \d+, :key 60\}" (pr-str (ms/play :c4))))
  (is (re-find #"#failure .*velocity.*127" (pr-str (ms/play :c4 90))))
  (ms/stop!))

(deftest what-plays-is-saved
  (rig/boot)
  @(ms/load! {:knobs {:level 0.5} :devices {:o :osc.sine}
              :connections [[:level [:o :amp]] [:o :out]]})
  @(ms/set-knob! :level 0.25)
  (let [file (str (rig/file "saved.json"))]
    (is (= file (ms/save file)))
    (is (= 0.25 (get-in (rig/json (slurp file)) [:knobs :level :value])))
    (is (= "conflict" (:code (failure (ms/save file)))))
    (is (= file (ms/save file :force true)))
    (is (= "bad-value" (:code (failure (ms/save "saved.txt"))))))
  (ms/stop!))

(deftest no-server
  (is (= "file" (:code (failure (ms/boot! {:program "/nowhere/megasynthd"})))))
  (let [{:keys [code exit log]} (failure (ms/boot! {:program (rig/program) :folder (rig/file "new")
                                                    :options ["--no-such-option"]}))]
    (is (= ["bad-value" 2] [code exit]))
    (is (re-find #"no-such-option" log)))
  (let [{:keys [code tried]} (failure (ms/connect! {:name "nobody"}))]
    (is (= "disconnected" code))
    (is (= 1 (count tried)))))

;; Another Java process boots a server and is killed: the server ends, too. Whether it has is asked
;; of its socket, since an orphan may stay in the list of processes until somebody collects it.
(def ^:private booting
  '(do (require 'megasynth.core)
       (megasynth.core/boot! {:program (System/getenv "P") :folder (System/getenv "F")
                              :backend "dummy" :options ["--state" "none"]})
       (println (first (:urls @@(resolve 'megasynth.session/session))))
       (Thread/sleep 60000)))

(defn- another-repl ^Process []
  (let [path (System/getProperty "java.class.path")
        builder (ProcessBuilder. ["java" "-cp" path "clojure.main" "-e" (pr-str booting)])]
    (doto (.environment builder)
      (.put "P" (rig/program))
      (.put "F" (str @rig/folder)))
    (.start builder)))

(defn- reachable? [url]
  (try (link/close (link/open url (fn [_ _])))
       true
       (catch IOException _ false)))

(deftest a-client-is-killed
  (let [client (another-repl)
        url (.readLine ^BufferedReader (io/reader (.getInputStream client)))]
    (is (reachable? url))
    (.destroyForcibly client)
    (let [began (System/nanoTime)]
      (is (until #(not (reachable? url))) "a stray server")
      (println (format "its server was gone %.0f ms after a client was killed"
                       (/ (- (System/nanoTime) began) 1e6))))))
