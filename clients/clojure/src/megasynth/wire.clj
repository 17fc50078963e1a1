;; SPDX-License-Identifier: MIT
(ns megasynth.wire
  "OSC messages and MessagePack payloads as bytes; nothing here knows of sockets."
  (:import (java.io ByteArrayOutputStream DataOutputStream)
           (java.nio ByteBuffer)
           (java.nio.charset StandardCharsets)
           (java.util Arrays)
           (org.msgpack.core MessageBufferPacker MessagePack MessagePack$PackerConfig
                             MessagePacker MessageUnpacker)
           (org.msgpack.value ArrayValue ImmutableValue IntegerValue MapValue Value)))

(set! *warn-on-reflection* true)

;; ---- MessagePack

(defn text
  "Keywords and symbols by their name, with what stands before a slash; all else as `str` has it."
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
    (or (string? x) (instance? clojure.lang.Named x)) (.packString p (text x))
    (map? x) (do (.packMapHeader p (count x))
                 (doseq [[k v] x]
                   (.packString p (text k))
                   (pack-value p v)))
    (or (sequential? x) (set? x)) (do (.packArrayHeader p (count x))
                                      (doseq [v x] (pack-value p v)))
    (bytes? x) (doto p
                 (.packBinaryHeader (alength ^bytes x))
                 (.writePayload ^bytes x))
    :else (throw (ex-info (str "no MessagePack for " (class x)) {:code "bad-type" :got x}))))

(def ^:private small-buffers ; most requests fit
  (.withBufferSize (MessagePack$PackerConfig.) 256))

(defn pack
  "Data as MessagePack; keywords become strings. Throws `ex-info` with `:code` bad-type for what
  has no likeness there, such as a function."
  ^bytes [x]
  (with-open [p (.newBufferPacker ^MessagePack$PackerConfig small-buffers)]
    (pack-value p x)
    (.toByteArray ^MessageBufferPacker p)))

(declare value)

(defn- whole [^IntegerValue i]
  (if (.isInLongRange i) (.toLong i) (bigint (.toBigInteger i))))

(defn- entry [[k v]]
  (let [k (value k)]
    [(if (string? k) (keyword k) k) (value v)]))

(defn- value [^Value v]
  (cond
    (.isNilValue v) nil
    (.isBooleanValue v) (.getBoolean (.asBooleanValue v))
    (.isIntegerValue v) (whole (.asIntegerValue v))
    (.isFloatValue v) (.toDouble (.asFloatValue v))
    (.isStringValue v) (.asString (.asStringValue v))
    (.isBinaryValue v) (.asByteArray (.asBinaryValue v))
    (.isArrayValue v) (mapv value ^ArrayValue (.asArrayValue v))
    (.isMapValue v) (into {} (map entry) (.map ^MapValue (.asMapValue v)))
    :else (throw (ex-info "a MessagePack extension" {:code "bad-packet"}))))

(defn unpack
  "MessagePack as data; keys that are strings become keywords. Throws where the bytes are none."
  [^bytes data]
  (with-open [u (MessagePack/newDefaultUnpacker data)]
    (value ^ImmutableValue (.unpackValue ^MessageUnpacker u))))

;; ---- OSC

(defn- padded
  "With as many zeros, but at least `zeros-min`, as make the length a multiple of four."
  ^bytes [^bytes data ^long zeros-min]
  (let [length (+ (alength data) zeros-min)]
    (Arrays/copyOf data (int (* 4 (quot (+ length 3) 4))))))

(defn- osc-text ^bytes [^String s]
  (padded (.getBytes s StandardCharsets/UTF_8) 1))

(defn- put-whole [^DataOutputStream out x]
  (if (<= Integer/MIN_VALUE x Integer/MAX_VALUE)
    (do (.writeInt out (int x)) \i)
    (do (.writeLong out (long x)) \h)))

(defn- put-bytes [^DataOutputStream out ^bytes x]
  (.writeInt out (alength x))
  (.write out ^bytes (padded x 0))
  \b)

(defn- put
  "Writes an argument, returns its tag."
  [^DataOutputStream out x]
  (cond
    (boolean? x) (if x \T \F)
    (int? x) (put-whole out x)
    (number? x) (do (.writeFloat out (float x)) \f)
    (bytes? x) (put-bytes out x)
    :else (do (.write out ^bytes (osc-text (text x))) \s)))

(defn message
  "An OSC message. Whole numbers go as i (h if they are long), others as f, booleans as T and F,
  bytes as b, the rest as text."
  ^bytes [address & arguments]
  (let [body (ByteArrayOutputStream.)
        out (DataOutputStream. body)
        tags (apply str "," (mapv #(put out %) arguments))
        all (ByteArrayOutputStream.)]
    (.write all (osc-text address))
    (.write all (osc-text tags))
    (.writeTo body all)
    (.toByteArray all)))

(defn request
  "A command with a number, to be answered once: `,ib number map`."
  ^bytes [number address arguments]
  (message address (int number) (pack arguments)))

(defn bundle
  "An OSC bundle of packets, to take effect at once: on one frame, or not at all."
  ^bytes [packets]
  (let [body (ByteArrayOutputStream.)
        out (DataOutputStream. body)]
    (.write out (osc-text "#bundle"))
    (.writeLong out 1) ; the time tag "at once"
    (doseq [^bytes p packets]
      (.writeInt out (alength p))
      (.write out p))
    (.toByteArray body)))

(defn- read-text [^ByteBuffer b]
  (let [start (.position b)
        end (loop [i start] (if (zero? (.get b (int i))) i (recur (inc i))))
        length (int (- end start))]
    (.position b (int (+ end (- 4 (rem length 4)))))
    (String. (.array b) (int (+ (.arrayOffset b) start)) length StandardCharsets/UTF_8)))

(defn- read-blob [^ByteBuffer b]
  (let [size (.getInt b)
        data (byte-array size)]
    (.get b data)
    (.position b (int (+ (.position b) (long (mod (- size) 4)))))
    (unpack data)))

(defn- read-argument [^ByteBuffer b tag]
  (case (char tag)
    \i (long (.getInt b))
    \h (.getLong b)
    \f (double (.getFloat b))
    \d (.getDouble b)
    \s (read-text b)
    \b (read-blob b)
    \T true
    \F false
    \N nil))

(defn parse
  "Address and arguments of a message, `[address [argument ...]]`; blobs are unpacked."
  [^bytes packet]
  (let [b (ByteBuffer/wrap packet)
        address (read-text b)
        tags (rest (read-text b))]
    [address (mapv #(read-argument b %) tags)]))

(defn framed
  "A packet after its length, as streams carry it."
  ^ByteBuffer [^bytes packet]
  (doto (ByteBuffer/allocate (+ 4 (alength packet)))
    (.putInt (alength packet))
    (.put packet)
    (.flip)))
