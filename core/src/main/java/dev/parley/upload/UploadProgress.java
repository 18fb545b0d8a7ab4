package dev.parley.upload;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far an upload is: what a browser's <a href="https://xhr.spec.whatwg.org/#interface-progressevent">{@code ProgressEvent}</a>
 * tells a page, told by the server. A browser counts what it has handed to the network; {@code loaded} here is what the
 * server has stored, as durably as it was asked to.
 *
 * <p>The events of one upload are {@code loadstart}, {@code progress} any number of times, one of {@code load}, {@code abort},
 * {@code error} and {@code timeout}, and {@link EventType#LOADEND}. An upload that was broken off and is resumed begins with {@code loadstart} again.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param upload the id of the upload
 * @param type what happened
 * @param lengthComputable whether the length is known
 * @param loaded bytes that are stored
 * @param total the length in bytes, 0 if it is not known
 * @param bytesPerSecond how fast it came lately; 0 if nothing is coming
 * @param phase what the server does with it
 */
public record UploadProgress(
        String upload,
        EventType type,
        boolean lengthComputable,
        long loaded,
        long total,
        long bytesPerSecond,
        Phase phase) {

    /** What happened, as {@code ProgressEvent} has it. */
    public enum EventType {
        /** It begins, or goes on after it was broken off. */
        LOADSTART,
        /** More is stored, or the phase is another. */
        PROGRESS,
        /** It is complete. */
        LOAD,
        /** The client broke off, or it was cancelled. */
        ABORT,
        /** It failed. */
        ERROR,
        /** The client was too slow. */
        TIMEOUT,
        /** It has ended, for good or until it is resumed. */
        LOADEND;

        /**
         * The name of the event.
         *
         * @return such as {@code loadstart}
         */
        public String event() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the server does with an upload. */
    public enum Phase {
        /** It waits for bytes, or gets them. */
        RECEIVING,
        /** It has all bytes, and compares them to a digest. */
        VERIFYING,
        /** The application works on it. */
        PROCESSING,
        /** It is complete. */
        DONE
    }

    /**
     * How long the rest takes, if it comes as fast as lately.
     *
     * @return empty if length or rate is not known
     */
    public Optional<Duration> timeLeft() {
        return lengthComputable && bytesPerSecond > 0
                ? Optional.of(Duration.ofMillis((long) ((total - loaded) * 1000.0 / bytesPerSecond)))
                : Optional.empty();
    }

    /**
     * This as JSON, as it is published on the upload's topic.
     *
     * @return such as {@code {"upload":"…","type":"progress","lengthComputable":true,"loaded":5,"total":10,"bytesPerSecond":5,"phase":"receiving",
     *     "secondsLeft":1.0}}
     */
    public String toJson() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("upload", upload)
                .put("type", type.event())
                .put("lengthComputable", lengthComputable)
                .put("loaded", loaded)
                .put("total", total)
                .put("bytesPerSecond", bytesPerSecond)
                .put("phase", phase.name().toLowerCase(Locale.ROOT));
        timeLeft().ifPresent(left -> json.put("secondsLeft", left.toMillis() / 1000.0));
        return json.toString();
    }
}
