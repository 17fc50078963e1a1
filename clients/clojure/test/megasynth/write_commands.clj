;; SPDX-License-Identifier: MIT
(ns megasynth.write-commands
  "Writes resources/megasynth/commands.edn anew from the server's own table; run it when a test says
  that they differ: `cmake --build build --target commands_edn`, or
  `clojure -M:commands [MEGASYNTHD]`."
  (:require [clojure.java.io :as io]
            [clojure.string :as str]
            [megasynth.core :as ms]))

(defn- item [{:keys [key type optional named rest]}]
  (cond-> [(keyword key) (keyword type)]
    optional (conj :optional)
    named (conj :named)
    rest (conj :rest)))

(defn row
  "A command as the file has it: what is false is left out."
  [{:keys [address doc route synth timed bundle arguments answer]}]
  (cond-> {:address address :doc doc :route (keyword route)
           :arguments (mapv item arguments) :answer (mapv item answer)}
    synth (assoc :synth true)
    timed (assoc :timed true)
    bundle (assoc :bundle true)))

(defn listed "The server's table." []
  (mapv row (:commands @(ms/call "/command/list"))))

(def ^:private order [:address :doc :arguments :answer :route :synth :timed :bundle])

(defn- written [row]
  (for [k order :when (contains? row k)]
    (str (name k) " " (pr-str (row k)))))

(defn text "The file's text." [rows]
  (str ";; SPDX-License-Identifier: MIT\n"
       ";; Printed by megasynth.write-commands from the server's /command/list.\n["
       (str/join "\n\n " (for [row rows] (str "{:" (str/join "\n  :" (written row)) "}")))
       "]\n"))

(defn -main "Writes the file, with a server of its own." [& [program]]
  (ms/boot! (cond-> {:backend "dummy" :options ["--state" "none"]}
              program (assoc :program program)))
  (spit (io/file (io/resource "megasynth/commands.edn")) (text (listed)))
  (ms/stop!)
  (shutdown-agents))
