;; SPDX-License-Identifier: MIT
(ns megasynth.core-test
  "What people call, against a real server."
  (:require [clojure.pprint :refer [pprint]]
            [clojure.string :as str]
            [clojure.test :refer [deftest is use-fixtures]]
            [megasynth.commands :as commands]
            [megasynth.core :as ms :refer [defpatch]]
            [megasynth.rig :as rig :refer [failure until]]
            [megasynth.session :as session]
            [megasynth.write-commands :as write]))

(use-fixtures :each rig/with-server)

(def ^:private keys-like
  {:name "keys-like"
   :voices 6
   :knobs {:tone {:value 0.2 :range [80 900]}}
   :devices {:note :note :o :osc.saw :f :filter :echo :delay :unused :lfo}
   :connections [[[:note :freq] [:o :freq]] [[:note :gate] [:o :amp]]
                 [:o :f] [:tone [:f :cutoff]] [:f :echo] [:echo :out]]})

(deftest all-commands
  (is (= [] (remove (set session/commands) (write/listed))
         (remove (set (write/listed)) session/commands))
      "commands.edn is not the server's table: cmake --build build --target commands_edn")
  (is (= (count session/commands) (count (ns-publics 'megasynth.commands))))
  (is (str/includes? (:doc (meta #'commands/knob-set)) "value number"))
  (is (= '([& {:keys [name value ramp_ms]}]) (:arglists (meta #'commands/knob-set))))
  @(ms/load! keys-like)
  @(commands/knob-set :name :tone :value 0.5)
  (is (= 0.5 (:value @(commands/knob-get {:name :tone})))))

(deftest failures
  @(ms/load! keys-like)
  (let [{:keys [code path hint message command]} (failure @(ms/set-knob! :tome 1))]
    (is (= ["not-found" "name" "/knob/set"] [code path command]))
    (is (and (string? hint) (string? message))))
  (is (until #(= "not-found" (:code (:failure @ms/state)))) "seen without looking at the promise")
  (is (= ["not-found" "nodes.a.type"]
         ((juxt :code :path) (failure @(ms/load! {:devices {:a :nothing}})))))
  (is (= 2 (count (:errors (failure @(ms/load! {:devices {:a :nothing :b [:lfo {:c 1}]}}))))))
  (is (= "cycle" (:code (failure @(ms/load! {:devices {:a :svf :b :svf}
                                             :connections [[[:a :low] :b] [[:b :low] :a]]})))))
  (is (= "keys-like" (get-in @(ms/call "/patch/get") [:patch :name])) "nothing has changed")
  (is (= "bad-value" (:code (failure (ms/play :h4)))))
  (is (= "unsupported" (:code (failure @(ms/at {:beat 4} (ms/play :c4))))))
  (is (= "bad-value" (:code (failure @(ms/at 0.1 (ms/undo!))))))
  (is (str/starts-with? (pr-str (ms/set-knob! :tome 1)) "#failure \"/knob/set: no knob"))
  (is (str/starts-with? (pr-str (ms/set-knob! :tone 1)) "#answer {:"))
  (is (= :late (deref (ms/call "/sync") 0 :late)) "a deref may have an end"))

(deftest printing
  @(ms/load! keys-like)
  (is (not (str/includes? (pr-str (ms/edit! {:op "voices" :count 7})) ":undo")))
  (is (:undo @(ms/edit! {:op "voices" :count 6})))
  (is (= ["#note {:id 1, :key 60}\n" "#note {:id 2, :key 60}"]
         (map #(str/replace % #":id \d+" (str ":id " %2))
              [(with-out-str (pprint (ms/play :c4))) (pr-str (ms/play :c4))] [1 2])))
  (is (str/starts-with? (with-out-str (pprint (ms/set-knob! :tone 1))) "#answer {:frame")))

(deftest looking-up
  @(ms/load! keys-like)
  (is (contains? (:modules @(ms/modules)) :svf))
  (is (= "osc3" (get-in @(ms/module :oscillator) [:module :name])))
  (is (str/starts-with? (:text @(ms/text)) "{"))
  (is (str/starts-with? (:text @(ms/text :sexp)) "(patch")))

(deftest times
  @(ms/load! keys-like)
  (let [chord (ms/at 0.1 (ms/play [:c4 :e4 :g4]))
        off (ms/at {:after (:answer (first chord)) :frames 4800} (ms/stop chord))]
    (is (apply = (map (comp :frame deref) chord)))
    (is (= #{4800} (set (map #(- (:frame @%) (:frame @(first chord))) off)))))
  (let [{start :frame} (ms/when-frame 0.1)
        on (doall (for [i (range 20)] (ms/at {:frame (+ start (* i 480))} (ms/play (+ 50 i)))))
        off (doall (for [[i n] (map-indexed vector on)]
                     (ms/at {:frame (+ start (* i 480) 333)} (ms/stop n))))]
    (is (= (range start (+ start 9600) 480) (map (comp :frame deref) on)))
    (is (= (range (+ start 333) (+ start 9600) 480) (map (comp :frame deref) off))))
  (is (= [60 54 70 -1.5] (map ms/pitch [:c4 "F#3" :bb4 -1.5])))
  (let [[a b] (ms/together (doall [(ms/play :c4) (ms/set-knob! :tone 0.4)]))]
    (is (= (:frame @a) (:frame @b))))
  (let [[a b] (ms/together [(ms/set-knob! :tone 0.7) (ms/set-knob! :none 0.4)])]
    (is (= #{"not-found" "not-applied"} (set (map :code [(failure @a) (failure @b)]))))
    (is (until #(= 0.4 (:value @(ms/knob :tone)))) "nothing of a bundle that fails")))

(deftest notes-and-voices
  @(ms/load! keys-like)
  (let [note (ms/play 60.5 0.5)]
    (is (= 60.5 (:key note)))
    (is (until #(some (comp #{(:id note)} :id) (vals (:notes @ms/state)))) "the mirror hears of it")
    (is (:frame @(ms/change note {:bend 2 :pressure 0.5})))
    (is (:frame @(ms/change note {:node :f :param :res :value 0.2})))
    (is (:frame @(ms/stop note)))
    (is (until #(empty? (:notes @ms/state)))))
  (let [{:keys [voice buses]} @(ms/voice! :c4)]
    (is (int? (get-in buses [:o :out])))
    (is (= [voice] (map :note (:reserved @(ms/voices)))))
    @(ms/free-voice! voice)
    (is (empty? (:reserved @(ms/voices)))))
  (is (:frame @(ms/control! :sustain 1)))
  (is (:frame @(ms/stop))))

(deftest buses-and-taps
  @(ms/load! {:devices {:o [:osc.sine {:amp 0.5}]} :connections [[:o :out]]})
  (let [{:keys [bus]} @(ms/bus! :o :out)
        heard (promise)]
    @(ms/tap! bus #(when (pos? (:rms %)) (deliver heard %)) :every 8 :ms 20)
    (let [{:keys [peak samples]} (deref heard 2000 nil)]
      (is (< 0.4 peak 0.51))
      (is (pos? (count samples))))
    @(ms/untap! bus)
    (is (some #{bus} (map :bus (:buses @(ms/buses)))))
    (is (number? (:rms @(ms/bus bus))))
    @(ms/free-bus! bus))
  (let [{:keys [bus]} @(ms/bus! {:kind :control :name "wind"})]
    @(ms/set-bus! bus 0.25)
    (is (until #(= 0.25 (:value @(ms/bus bus)))))))

(deftest cables-at-the-repl
  @(ms/load! keys-like)
  (let [cables #(set (:connections (:patch @(ms/call "/patch/get"))))
        before (cables)]
    @(ms/connect! [:unused :out] [:f :cutoff] {:amount 2 :as :octaves})
    (is (= 1 (- (count (cables)) (count before))))
    @(ms/disconnect! :unused [:f :frequency])
    (is (= before (cables)))
    @(ms/add! :room [:reverb {:mix 0.5}])
    @(ms/add-knob! :wet {:value 0.3 :range [0 1]})
    @(ms/connect! :wet [:room :mix])
    @(ms/connect! :echo :room)
    @(ms/connect! :room :out)
    (is (= "reverb" (get-in @(ms/call "/patch/get") [:patch :nodes :room :type])))
    @(ms/rename! :room :hall)
    @(ms/set-param! :hall :decay 4 :ramp-ms 10)
    (is (= 4 (long (:value @(ms/param :hall :decay)))))
    @(ms/remove! :hall)
    @(ms/remove-knob! :wet)
    (is (= before (cables)))
    @(ms/undo!)
    (is (= 0.3 (:value @(ms/knob :wet))))
    @(ms/redo!)
    (is (= "not-found" (:code (failure @(ms/knob :wet)))))))

(deftest parameters
  @(ms/load! {:devices {:o :osc3 :f [:filter {:cutoff 500}]} :connections [[:o :f] [:f :out]]})
  @(ms/set-param! :f :cutoff 700)
  (is (until #(= 700 (long (:value @(ms/param :f :frequency))))))
  @(ms/set-param! :f :type :high-pass)
  @(ms/set-param! :o :waveform :square)
  (is (= {:f {:freq 700 :type "high"} :o {:wave1 "pulse" :wave2 "pulse" :wave3 "pulse"}}
         (update-vals (select-keys (:nodes (:patch @(ms/call "/patch/get"))) [:f :o]) :params)))
  @(ms/save-preset! :here)
  @(ms/set-param! :f :cutoff 900)
  @(ms/recall! :here :morph-ms 20)
  (is (until #(= 700 (long (:value @(ms/param :f :cutoff))))))
  (is (= "not-found" (:code (failure @(ms/set-param! :nobody :cutoff 1))))))

(deftest reloading
  (let [two (-> keys-like
                (assoc-in [:devices :f] [:filter {:resonance 0.4}])
                (update :devices #(-> % (dissoc :o) (assoc :saw :osc.saw)))
                (assoc :connections [[[:note :freq] [:saw :freq]] [[:note :gate] [:saw :amp]]
                                     [:saw :f] [:tone [:f :cutoff]] [:f :echo]
                                     [:echo :out] [:f :out]]))]
    @(ms/load! keys-like)
    @(ms/set-knob! :tone 0.9)
    @(ms/set-param! :f :resonance 0.2)
    @(ms/set-param! :echo :time 0.5)
    (is (= #{"rename" "set" "connect"} (set (map :op (ms/changes keys-like two)))))
    @(ms/swap! two)
    (is (= 0.9 (:value @(ms/knob :tone))) "a knob stays where it was turned")
    (is (= 0.5 (:value @(ms/param :echo :time))) "a parameter, too")
    (is (= 0.4 (:value @(ms/param :f :resonance))) "unless the patch says something new of it")
    @(ms/swap! (assoc two :x-note "what no edit changes" :version 1))
    (is (= 0.9 (:value @(ms/knob :tone))))))

(defpatch drone {:devices {:o :osc.sine} :connections [[:o :out]]})

(deftest redefining
  @(ms/load! drone)
  (is (= "drone" (:name drone)))
  (ms/redefined (with-meta (assoc drone :voices 3) (meta drone)))
  (is (= 3 (get-in @(ms/call "/patch/get") [:patch :voices])))
  (ms/redefined {:name "drone" :voices 5})
  (is (= 3 (get-in @(ms/call "/patch/get") [:patch :voices])) "another of the same name is not it")
  (is (= "not-found" (:code (failure (ms/redefined (assoc-in drone [:devices :o] :nothing))))))
  @(commands/synth-new :name "bass")
  (ms/on-synth :bass @(ms/load! drone))
  (ms/redefined (assoc drone :voices 7))
  (is (= [7 7] (map #(ms/on-synth % (get-in @(ms/call "/patch/get") [:patch :voices]))
                    ["main" :bass]))))

(deftest mirror
  (let [seen (promise)]
    (add-watch ms/state ::test
               (fn [_ _ _ {:keys [knobs]}]
                 (when (= 0.25 (get-in knobs [:tone :value])) (deliver seen true))))
    @(ms/load! keys-like)
    (is (until #(= "keys-like" (get-in @ms/state [:patch :name]))))
    @(ms/set-knob! :tone 0.25)
    (is (deref seen 2000 false) "watches hear of knobs")
    (remove-watch ms/state ::test))
  (let [notices (atom [])]
    @(ms/on-notice! :meter ::test #(swap! notices conj %))
    (ms/connect! {:url (get-in @session/session [:link :url])})
    (reset! notices [])
    (is (until #(seq @notices)) "listeners outlive connections")
    (ms/off-notice! :meter ::test))
  (let [failed (promise), fine (promise)]
    @(ms/on-notice! :knob ::test (fn [_]
                                   (deliver failed (failure @(ms/status)))
                                   (future (deliver fine @(ms/status)))))
    @(ms/set-knob! :tone 0.5)
    (is (= "would-wait" (:code (deref failed 2000 nil))))
    (is (:load (deref fine 2000 nil)) "as the hint says")
    (ms/off-notice! :knob ::test)))

(deftest explaining
  @(ms/load! keys-like)
  (let [{:keys [order knobs voices unheard] :as explained} (ms/explain)
        row (fn [id] (first (filter #(= id (:node %)) order)))]
    (is (= explained (ms/explain keys-like)) "of a patch that does not play, the same")
    (is (= 6 voices))
    (is (= [:note :o :f :echo :out] (map :node order)))
    (is (= [:voice :voice :voice :shared :shared] (map :scope order)))
    (is (= {:node :f :op :call :module "filter" :scope :voice
            :hears {:in [[:o :out]] :freq [:tone]}}
           (dissoc (row :f) :buses)))
    (is (= [:out] (keys (:buses (row :f)))))
    (is (= [:unused] unheard))
    (is (= [{:to [:f :freq] :range [80 900] :scale :lin :unit "Hz" :now 244.0}]
           (get-in knobs [:tone :drives]))))
  (is (= ["main"] (map name (keys (:synths @(commands/synth-list)))))))

(deftest many
  @(ms/load! {:voices 16 :knobs {:k 0.5} :devices {:note :note :o :osc.sine}
              :connections [[[:note :freq] [:o :freq]] [:k [:o :amp]] [:o :out]]})
  (let [answers (atom nil)
        turn #(reset! answers (mapv deref (mapv (fn [i] (ms/set-knob! :k (/ i 9999.0)))
                                                (range 10000))))
        took (rig/ms-of turn)
        trips (vec (sort (repeatedly 1000 #(rig/ms-of (fn [] @(ms/call "/ping"))))))]
    (is (= 10000 (count @answers)))
    (is (apply <= (map :frame @answers)))
    (is (= 1.0 (:value @(ms/knob :k))))
    (println (format "10,000 knob changes in %.0f ms, %.0f a second" took (/ 1e7 took)))
    (println (format "round trip p50 %.3f ms, p99 %.3f ms" (trips 500) (trips 990))))
  (let [started (atom []) ended (atom [])]
    @(ms/on-notice! :note ::test #(swap! (if (= "started" (:event %)) started ended) conj (:id %)))
    (let [notes (doall (for [_ (range 1000)] (doto (ms/play 60) ms/stop)))]
      (is (apply <= (map (comp :frame deref) notes)))
      (is (until #(= 1000 (count @ended))))
      (is (= (map :id notes) @started) "all heard of, in order")
      (is (= (set @started) (set @ended))))
    (ms/off-notice! :note ::test)))
