;; SPDX-License-Identifier: MIT
;; wire -- OSC messages and MessagePack payloads as bytes; nothing here knows sockets.
(ns megasynth.wire
  (:import (java.io ByteArrayOutputStream DataOutputStream)
           (java.nio ByteBuffer)
           (java.nio.charset StandardCharsets)
           (org.msgpack.core MessageBufferPacker MessagePack MessagePacker MessageUnpacker)
           (org.msgpack.value ArrayValue MapValue Value)))

(set! *warn-on-reflection* true)

;; ---- MessagePack

(defn text
  "Keywords and symbols by their name (with what stands before a slash), all else as `str` has it."
  ^String [x]
  (if (instance? clojure.lang.Named x)
    (if-let [space (namespace x)] (str space "/" (name x)) (name x))
    (str x)))

(defn- pack-value [^MessagePacker p x]
  (cond
    (nil? x) (.packNil p)
    (boolean? x) (.packBoolean p x)
    (int? x) (.packLong p (long x))
    (number? x) (.packDouble p (double x))
    (bytes? x) (do (.packBinaryHeader p (alength ^bytes x)) (.writePayload p ^bytes x))
    (map? x) (do (.packMapHeader p (count x))
                 (doseq [[k v] x] (.packString p (text k)) (pack-value p v)))
    (or (sequential? x) (set? x)) (do (.packArrayHeader p (count x))
                                      (doseq [v x] (pack-value p v)))
    (or (string? x) (instance? clojure.lang.Named x)) (.packString p (text x))
    :else (throw (ex-info (str "no MessagePack for " (class x)) {:code "bad-type" :got x}))))

(defn pack
  "Data as MessagePack; keywords become strings."
  ^bytes [x]
  (with-open [p (MessagePack/newDefaultBufferPacker)]
    (pack-value p x)
    (.toByteArray ^MessageBufferPacker p)))

(defn- value [^Value v]
  (cond
    (.isNilValue v) nil
    (.isBooleanValue v) (.getBoolean (.asBooleanValue v))
    (.isIntegerValue v) (let [i (.asIntegerValue v)] (if (.isInLongRange i) (.toLong i) (bigint (.toBigInteger i))))
    (.isFloatValue v) (.toDouble (.asFloatValue v))
    (.isStringValue v) (.asString (.asStringValue v))
    (.isBinaryValue v) (.asByteArray (.asBinaryValue v))
    (.isArrayValue v) (mapv value ^ArrayValue (.asArrayValue v))
    (.isMapValue v) (into {} (map (fn [[k x]] [(let [k (value k)] (if (string? k) (keyword k) k)) (value x)]))
                          (.map ^MapValue (.asMapValue v)))))

(defn unpack
  "MessagePack as data; keys that are strings become keywords."
  [^bytes data]
  (with-open [u (MessagePack/newDefaultUnpacker data)]
    (value (.unpackValue ^MessageUnpacker u))))

;; ---- OSC

(defn- padded ^bytes [^bytes data ^long zeros-min]
  (let [n (+ (alength data) zeros-min)] (java.util.Arrays/copyOf data (int (* 4 (quot (+ n 3) 4))))))

(defn- osc-text ^bytes [^String s] (padded (.getBytes s StandardCharsets/UTF_8) 1))

(defn message
  "An OSC message. Whole numbers go as i (h if they are long), others as f, bytes as b."
  ^bytes [address & arguments]
  (let [tags (StringBuilder. ",") body (ByteArrayOutputStream.) out (DataOutputStream. body)]
    (doseq [a arguments]
      (cond
        (boolean? a) (.append tags (if a "T" "F"))
        (int? a) (if (<= Integer/MIN_VALUE a Integer/MAX_VALUE)
                   (do (.append tags "i") (.writeInt out (int a)))
                   (do (.append tags "h") (.writeLong out (long a))))
        (number? a) (do (.append tags "f") (.writeFloat out (float a)))
        (bytes? a) (do (.append tags "b") (.writeInt out (alength ^bytes a)) (.write out ^bytes (padded a 0)))
        :else (do (.append tags "s") (.write out ^bytes (osc-text (text a))))))
    (let [all (ByteArrayOutputStream.)]
      (.write all (osc-text address))
      (.write all (osc-text (str tags)))
      (.writeTo body all)
      (.toByteArray all))))

(defn request
  "A command with a number, to be answered once."
  ^bytes [number address arguments]
  (message address (int number) (pack arguments)))

(defn- read-text [^ByteBuffer b]
  (let [start (.position b)
        end (loop [i start] (if (zero? (.get b (int i))) i (recur (inc i))))]
    (.position b (int (+ end (- 4 (rem (- end start) 4)))))
    (String. (.array b) (int (+ (.arrayOffset b) start)) (int (- end start)) StandardCharsets/UTF_8)))

(defn parse
  "Address and arguments of a message; blobs are unpacked."
  [^bytes packet]
  (let [b (ByteBuffer/wrap packet) address (read-text b) tags (read-text b)]
    [address
     (mapv (fn [tag]
             (case (char tag)
               \i (long (.getInt b))
               \h (.getLong b)
               \f (double (.getFloat b))
               \d (.getDouble b)
               \s (read-text b)
               \T true
               \F false
               \N nil
               \b (let [size (.getInt b) data (byte-array size)]
                    (.get b data)
                    (.position b (int (+ (.position b) (long (mod (- size) 4)))))
                    (unpack data))))
           (rest tags))]))

(defn framed
  "A packet after its length, as streams carry it."
  ^ByteBuffer [^bytes packet]
  (doto (ByteBuffer/allocate (+ 4 (alength packet))) (.putInt (alength packet)) (.put packet) (.flip)))
