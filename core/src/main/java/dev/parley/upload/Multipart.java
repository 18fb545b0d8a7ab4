package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.codec.Boundary;
import dev.parley.http.codec.MultipartLimits;
import dev.parley.http.codec.MultipartReader;
import dev.parley.http.codec.Violation;
import dev.parley.http.codec.ViolationException;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Receives forms of {@code multipart/form-data} part by part, as they come: nothing is gathered, and nothing is written to a temporary
 * file.
 *
 * <pre>{@code
 * Multipart forms = Multipart.builder().maxBytes(1L << 30).maxParts(20).build();
 *
 * Routes.builder().post("/photos", exchange -> {
 *     FormFields fields = new FormFields();
 *     exchange.respond(forms.receive(exchange, fields.andFiles(new PhotoWriter()))
 *             .thenApply(done -> Response.text("Thank you, " + fields.first("name").orElse("stranger"))));
 * })
 * }</pre>
 *
 * <p><b>Wire.</b> <a href="https://www.rfc-editor.org/rfc/rfc7578">RFC 7578</a>, as browsers write it (<a
 * href="https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data">HTML</a>). A part of
 * {@code multipart/mixed} is one part, whose data is not looked into.
 *
 * <p><b>Threading.</b> Immutable: one serves any number of exchanges.
 *
 * <p><b>Memory.</b> For each form the head of a part, within its limit, and while a listener is busy one chunk of the body.
 *
 * <p><b>Errors.</b> A form that does not come whole is answered by the application, if it does so, with a whole response, in what it attaches
 * to the stage of {@link #receive}; else by Parley, with the problem that the table says, or with what the listener's exception stands for.
 * Only a form over {@link Builder#maxBytes} has been answered when the stage fails.
 *
 * <table>
 * <caption>What is refused, and how.</caption>
 * <tr><td>another {@code Content-Type}, none, a {@code Content-Encoding}, a part in {@code base64} or
 * {@code quoted-printable}</td><td>415</td></tr>
 * <tr><td>a boundary that is missing, has more than 70 characters or one that is not allowed; {@code Content-Type}
 * twice</td><td>400</td></tr>
 * <tr><td>a body that is not well-formed, or ends before its last boundary</td><td>400</td></tr>
 * <tr><td>more than {@link Builder#maxBytes}, {@link Builder#maxParts}, {@link Builder#maxPartBytes}, {@link Builder#maxHeadBytes},
 * {@link Builder#maxNameChars}, or 1 KiB before the first boundary</td><td>413</td></tr>
 * </table>
 */
public final class Multipart {
    /** With all limits as they are unless they are set. */
    public static final Multipart DEFAULT = builder().build();

    private static final int MAX_PREAMBLE_BYTES = 1024;

    private final MultipartLimits limits;
    private final long maxBytes;
    private final long maxPartBytes;

    private Multipart(Builder builder) {
        limits = new MultipartLimits(builder.maxParts, builder.maxHeadBytes, builder.maxNameChars, MAX_PREAMBLE_BYTES);
        maxBytes = builder.maxBytes;
        maxPartBytes = builder.maxPartBytes;
    }

    /**
     * A builder with sensible limits.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Receives the form that is an exchange's body. A client that waits for {@code 100 Continue} gets it now, unless it is refused.
     *
     * @param exchange its body must not have been asked for; its limit becomes {@link Builder#maxBytes}
     * @param listener gets the parts
     * @return completes on the event loop when all parts have been told of and were taken; fails after {@link PartListener#onFailure}, with
     *     the same: a {@link ProblemException} for what a client did wrong, an {@link java.io.IOException} if it went away, or what the
     *     listener failed with
     * @throws IllegalStateException if the body has been asked for before
     */
    public CompletionStage<Void> receive(Exchange exchange, PartListener listener) {
        CompletableFuture<Void> whole = new CompletableFuture<>();
        Consumer<Throwable> answer = failure -> exchange.respond(CompletableFuture.failedStage(failure));
        Boundary boundary;
        try {
            boundary = boundary(exchange);
        } catch (ViolationException e) {
            ProblemException refusal = refusal(e);
            exchange.eventLoop().execute(() -> {
                MultipartBody.tell(listener, whole, refusal);
                answer.accept(refusal);
            });
            return whole;
        }
        MultipartReader reader = new MultipartReader(boundary, limits);
        exchange.maxBodyBytes(maxBytes);
        exchange.receive(new MultipartBody(reader, maxPartBytes, listener, exchange.eventLoop(), whole, answer));
        return whole;
    }

    private static Boundary boundary(Exchange exchange) {
        List<String> types = exchange.headers().getAll(HttpHeaderNames.CONTENT_TYPE);
        String coding = exchange.headers().get(HttpHeaderNames.CONTENT_ENCODING, "identity");
        if (types.isEmpty() || !coding.equalsIgnoreCase("identity")) {
            throw new ViolationException(Violation.NOT_FORM_DATA);
        }
        if (types.size() > 1) {
            throw new ViolationException(Violation.FIELD_TWICE);
        }
        return Boundary.of(types.get(0));
    }

    /** What answers a violation. */
    static ProblemException refusal(ViolationException e) {
        return Problem.of(
                        e.violation().status(),
                        "The form can't be read: " + e.violation().text() + ".")
                .asException();
    }

    /**
     * Builds a {@link Multipart}.
     *
     * <p><b>Threading.</b> Not thread-safe.
     */
    public static final class Builder {
        private long maxBytes = 64L * 1024 * 1024;
        private long maxPartBytes = Long.MAX_VALUE;
        private int maxParts = MultipartLimits.DEFAULT.maxParts();
        private int maxHeadBytes = MultipartLimits.DEFAULT.maxHeadBytes();
        private int maxNameChars = MultipartLimits.DEFAULT.maxNameChars();

        private Builder() {}

        /**
         * Sets how long a form may be with all that frames its parts, in place of the server's limit of a body. What announces more is
         * refused before it is read. 413.
         *
         * @param bytes 0 or more; 64 MiB if it is not set
         * @return this builder
         */
        public Builder maxBytes(long bytes) {
            maxBytes = Setting.atLeast("maxBytes", bytes, 0L);
            return this;
        }

        /**
         * Sets how long the data of each part may be. 413.
         *
         * @param bytes 0 or more; as much as the form if it is not set
         * @return this builder
         */
        public Builder maxPartBytes(long bytes) {
            maxPartBytes = Setting.atLeast("maxPartBytes", bytes, 0L);
            return this;
        }

        /**
         * Sets how many parts a form may have. 413.
         *
         * @param parts 1 or more; 1,000 if it is not set
         * @return this builder
         */
        public Builder maxParts(int parts) {
            maxParts = Setting.atLeast("maxParts", parts, 1);
            return this;
        }

        /**
         * Sets how long the head of a part may be, with its line ends. 413.
         *
         * @param bytes 1 or more; 8 KiB if it is not set
         * @return this builder
         */
        public Builder maxHeadBytes(int bytes) {
            maxHeadBytes = Setting.atLeast("maxHeadBytes", bytes, 1);
            return this;
        }

        /**
         * Sets how long the name of a field, and of a file, may be. 413.
         *
         * @param chars 1 or more, in UTF-16 units; 1,024 if it is not set
         * @return this builder
         */
        public Builder maxNameChars(int chars) {
            maxNameChars = Setting.atLeast("maxNameChars", chars, 1);
            return this;
        }

        /**
         * Builds it.
         *
         * @return what receives forms within these limits
         */
        public Multipart build() {
            return new Multipart(this);
        }
    }
}
