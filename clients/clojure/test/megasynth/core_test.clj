;; SPDX-License-Identifier: MIT
;; core-test -- the client against a real server. usage: core_test MEGASYNTHD MEGASYNTH TOP, run by clojure.main -m
(ns megasynth.core-test
  (:require [clojure.java.io :as io]
            [clojure.java.shell :refer [sh]]
            [clojure.string :as str]
            [clojure.test :as t :refer [deftest is]]
            [megasynth.core :as ms :refer [defpatch]]
            [megasynth.link :as link]
            [megasynth.patch :as patch]
            [megasynth.wire :as wire]))

(def ^:dynamic *program* nil)
(def ^:dynamic *cli* nil)
(def ^:dynamic *top* nil)
(def ^:dynamic *folder* nil)

(defn boot [] (ms/boot! {:program *program* :backend "dummy" :folder *folder* :options ["--state" "none" "--root" *folder*]}))

(defmacro data-of [& body] `(try ~@body nil (catch clojure.lang.ExceptionInfo e# (ex-data e#))))

(defn until [f] (loop [n 0] (or (f) (when (< n 200) (Thread/sleep 10) (recur (inc n))))))

(def tremolo-text
  (second (re-find #"(?s)```clojure\n(\(defpatch tremolo.*?)```" (slurp (str (System/getProperty "megasynth.top") "/clients/clojure/README.md")))))

(deftest readme
  (boot)
  (binding [*ns* (the-ns 'megasynth.core-test)]
    (doseq [[_ block] (re-seq #"(?s)```clojure\n(.*?)```" (slurp (str *top* "/clients/clojure/README.md")))
            :when (not (str/includes? block "boot!"))]
      (doseq [form (read-string (str "[" block "]"))]
        (let [v (eval form)] (when (instance? clojure.lang.IDeref v) (when-not (var? v) @v)))))))

(deftest vectors
  (let [rows (re-seq #"\"name\": \"([^\"]*)\".*?\"bytes\": \"([0-9a-f]*)\".*?\"expect\": \"done\"" (slurp (str *top* "/tests/protocol/vectors.json")))
        bytes-of (fn [h] (byte-array (map (fn [[a b]] (unchecked-byte (Integer/parseInt (str a b) 16))) (partition 2 h))))]
    (is (<= 5 (count rows)))
    (doseq [[_ name h] rows]
      (let [[address [id arguments]] (wire/parse (bytes-of h))]
        (is (= [address [id arguments]] (wire/parse (wire/request id address arguments))) name)))
    (is (= (seq (bytes-of "2f6b6e6f622f7365740000002c7366006375746f666600003f333333"))
           (seq (wire/message "/knob/set" "cutoff" 0.7))))))

(deftest commands
  (let [listed (:commands @(ms/call "/command/list"))]
    (is (= (set ms/addresses) (set (map :address listed))) "a command of the server is missing in ms/addresses")))

(defn- json [x]
  (cond (map? x) (str "{" (str/join "," (map (fn [[k v]] (str (json (name k)) ":" (json v))) x)) "}")
        (sequential? x) (str "[" (str/join "," (map json x)) "]")
        (string? x) (pr-str x)
        :else (str x)))

(defn- rendered [file]
  (let [wav (str *folder* "/r.wav") {:keys [exit err]} (sh *cli* "render" (str file) "-o" wav "--seconds" "1")]
    (is (zero? exit) err)
    (seq (java.nio.file.Files/readAllBytes (.toPath (io/file wav))))))

(deftest same-sound
  (let [held (fn [] (let [f (io/file *folder* "held.json")] (spit f (json (:patch @(ms/call "/patch/get")))) f))]
    @(ms/load! (eval (read-string (str/replace-first tremolo-text "(defpatch tremolo" "(merge {:name \"t\"}"))))
    (is (= (rendered (held)) (rendered (str *top* "/examples/tremolo.json"))))
    @(ms/call "/patch/load" {:text (slurp (str *top* "/examples/keys.json")) :format "json"})
    (let [document (:patch @(ms/call "/patch/get"))]
      @(ms/load! document)
      (is (= (rendered (held)) (rendered (str *top* "/examples/keys.json")))))))

(deftest swapping
  (let [one {:name "s" :knobs {:k {:value 0.2 :range [80 900]}} :devices {:note {:type :note} :o {:type :osc.saw} :f {:type :filter}}
             :connections [[[:note :freq] [:o :freq]] [:o :f] [:k [:f :freq]] [:f :out]]}
        two (-> one (assoc-in [:devices :e] {:type :delay}) (assoc-in [:devices :f :res] 0.4)
                (assoc :connections [[[:note :freq] [:o :freq]] [:o :f] [:k [:f :freq]] [:f :e] [:e :out]]))]
    @(ms/load! one)
    @(ms/set-knob! :k 0.9)
    (let [ops (patch/diff (patch/document one) (patch/document two))]
      (is (= ["add" "disconnect" "set" "connect" "connect"] (map :op ops))))
    @(ms/swap! two)
    (is (= 0.9 (:value @(ms/call "/knob/get" {:name "k"}))) "a knob stays where it was turned")
    (is (= (set (:connections (patch/document two))) (set (:connections (:patch @(ms/call "/patch/get"))))))
    @(ms/swap! one)
    (is (= [:note :o :f :out] (sort-by #(.indexOf [:note :o :f :out] %) (map :node (:order (ms/explain))))))
    (is (= :voice (:scope (first (filter #(= :o (:node %)) (:order (ms/explain)))))))
    (let [seen (promise)]
      (add-watch ms/state ::w (fn [_ _ _ s] (when (= 0.25 (get-in s [:knobs :k :value])) (deliver seen true))))
      @(ms/set-knob! :k 0.25)
      (is (deref seen 2000 false) "the mirror hears of knobs")
      (remove-watch ms/state ::w))
    (is (= "not-found" (:code (data-of @(ms/set-knob! :nothing 1)))))
    (let [a (ms/at 0.2 [(ms/play :c4) (ms/play :e4)])] (is (= 1 (count (set (map (comp :frame deref) a))))))))

(deftest many
  @(ms/load! {:knobs {:k 0.5} :voices 16 :devices {:note {:type :note} :o {:type :osc.sine}}
              :connections [[[:note :freq] [:o :freq]] [:k [:o :amp]] [:o :out]]})
  (let [began (System/nanoTime)
        frames (mapv (comp :frame deref) (mapv #(ms/set-knob! :k (/ % 9999.0)) (range 10000)))
        ms (/ (- (System/nanoTime) began) 1e6)
        notes (mapv deref (mapv (fn [i] (if (even? i) (ms/play 60) (ms/stop 60))) (range 1000)))
        trips (vec (sort (repeatedly 1000 #(let [b (System/nanoTime)] @(ms/call "/ping") (/ (- (System/nanoTime) b) 1e6)))))]
    (is (apply <= frames))
    (is (= 1.0 (double (:value @(ms/call "/knob/get" {:name "k"})))))
    (is (= 1000 (count notes)))
    (is (apply <= (map :frame notes)))
    (println (format "10,000 knob changes in %.0f ms; round trip p50 %.3f ms, p99 %.3f ms" ms (trips 500) (trips 990)))))

(deftest killed
  (let [session @@#'ms/session]
    (.waitFor (.destroyForcibly ^Process (:process session)))
    (until #(not (:connected @ms/state)))
    (let [began (System/nanoTime)]
      (is (= "disconnected" (:code (data-of @(ms/play :c4)))))
      (is (< (- (System/nanoTime) began) 1e9)))
    (boot)
    @(ms/load! {:devices {:o {:type :osc.sine}} :connections [[:o :out]]})
    (let [process (:process @@#'ms/session)]
      (ms/stop!)
      (is (not (.isAlive ^Process process)) "no stray server"))))

;; Another Java process boots a server and is killed: the server ends, too. Whether it has is asked of its socket, since a
;; process whose parent is gone may stay in the list of processes until somebody collects it.
(def booting
  '(do (require 'megasynth.core)
       (megasynth.core/boot! {:program (System/getenv "P") :folder (System/getenv "F") :backend "dummy" :options ["--state" "none"]})
       (println (first (:urls @@(resolve 'megasynth.core/session))))
       (Thread/sleep 60000)))

(defn- reachable? [url]
  (try (link/close (link/open url (fn [_ _]))) true
       (catch java.io.IOException _ false)))

(deftest orphaned
  (let [builder (ProcessBuilder. ["java" "-cp" (System/getProperty "java.class.path") "clojure.main" "-e" (pr-str booting)])
        client (do (doto (.environment builder) (.put "P" *program*) (.put "F" *folder*)) (.start builder))
        url (.readLine (io/reader (.getInputStream client)))]
    (is (reachable? url))
    (.destroyForcibly client)
    (let [began (System/nanoTime)]
      (is (until #(not (reachable? url))) "a stray server")
      (println (format "the server of a killed client was gone after %.0f ms" (/ (- (System/nanoTime) began) 1e6))))))

(defn test-ns-hook [] (readme) (vectors) (commands) (same-sound) (swapping) (many) (killed) (orphaned))

(defn -main [program cli top]
  (let [folder (str (java.nio.file.Files/createTempDirectory "megasynth-clj" (into-array java.nio.file.attribute.FileAttribute [])))
        {:keys [fail error]} (binding [*program* program *cli* cli *top* top *folder* folder] (t/run-tests 'megasynth.core-test))]
    (sh "rm" "-rf" folder)
    (ms/stop!)
    (shutdown-agents)
    (System/exit (if (zero? (+ fail error)) 0 1))))
