package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.http.codec.FieldValue;
import dev.parley.http.codec.ViolationException;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadState.Stage;
import dev.parley.upload.Uploads.Wish;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol of the IETF's draft
 * <a href="https://datatracker.ietf.org/doc/draft-ietf-httpbis-resumable-upload/">Resumable Uploads for HTTP</a>, in its interop version 8,
 * and as clients of versions 5 and 6 speak it.
 *
 * <pre>
 *   POST  /uploads      Upload-Complete: ?1   100 bytes  →  104  Location: /uploads/id
 *                                                       →  104  Upload-Offset: 60     (the connection breaks)
 *   HEAD  /uploads/id                                   →  204  Upload-Offset: 70,  Upload-Complete: ?0
 *   PATCH /uploads/id   Upload-Complete: ?1             →  what the application says, Upload-Complete: ?1
 *         Upload-Offset: 70                   30 bytes
 * </pre>
 */
final class ResumableProtocol implements Uploads.Dialect {
    private static final Logger LOG = LoggerFactory.getLogger(ResumableProtocol.class);

    private static final String VERSION = "Upload-Draft-Interop-Version";
    private static final String COMPLETE = "Upload-Complete";
    private static final String OFFSET = "Upload-Offset";
    private static final String LENGTH = "Upload-Length";
    private static final String LIMIT = "Upload-Limit";

    /** Versions whose clients understand a 104. */
    private static final Set<String> VERSIONS = Set.of("5", "6", "8");

    /** Versions whose clients look at the offset only to see whether an upload is complete. */
    private static final Set<String> EARLY_VERSIONS = Set.of("5", "6");

    private static final String PATCH_TYPE = "application/partial-upload";
    private static final String PROBLEMS = "https://iana.org/assignments/http-problem-types#";
    private static final int RESUMPTION_SUPPORTED = 104;

    /** From one notice of what is safe to the next. */
    private static final long NOTICE_NANOS = 500_000_000;

    /** RFC 9651 section 3.3.1: 15 digits. */
    private static final Pattern INTEGER = Pattern.compile("[0-9]{1,15}");

    private static final long MAX_INTEGER = 999_999_999_999_999L;

    private final Uploads uploads;

    ResumableProtocol(Uploads uploads) {
        this.uploads = uploads;
    }

    /** Whether a request says that it is of this protocol. */
    static boolean isMeant(Exchange exchange) {
        return exchange.headers().contains(VERSION) || exchange.headers().contains(COMPLETE);
    }

    // ---- its answers

    @Override
    public Response refusal(Problem problem) {
        Response response = Response.problem(problem);
        if (problem.status() == 413) {
            Object max = problem.extensions().get("max-size");
            return response.header(LIMIT, limit(max instanceof Long bytes ? bytes : uploads.maxUploadBytes()));
        }
        return problem.status() == 415 ? response.header("Accept-Patch", PATCH_TYPE) : response;
    }

    /** What a server takes: told to who asks by OPTIONS. */
    Response described(Response response) {
        return response.header(
                LIMIT,
                limit(uploads.maxUploadBytes()) + ", max-age="
                        + uploads.lifetime().toSeconds());
    }

    private static String limit(long maxBytes) {
        return "max-size=" + Math.min(maxBytes, MAX_INTEGER) + ", min-size=0";
    }

    private String limit(LiveUpload upload) {
        String limit = limit(upload.state().about().maxLength());
        return upload.expires()
                .map(expires -> limit + ", max-age="
                        + Math.max(0, Duration.between(uploads.now(), expires).toSeconds()))
                .orElse(limit);
    }

    /** An answer with how far the upload is. */
    private static Response about(Response response, boolean complete, long offset) {
        return response.header(COMPLETE, complete ? "?1" : "?0").header(OFFSET, Long.toString(offset));
    }

    private Response described(LiveUpload upload, long offset) {
        Response response = about(Response.noContent(), upload.isDone(), offset)
                .header(LIMIT, limit(upload))
                .header("Cache-Control", "no-store");
        response = Digests.told(Fields.withProgress(response, upload.id, upload), upload.state());
        long length = upload.state().length();
        return length < 0 ? response : response.header(LENGTH, Long.toString(length));
    }

    private static RuntimeException inconsistent(String detail) {
        return problem("inconsistent-upload-length", "Inconsistent Upload Length", 400, detail)
                .asException();
    }

    private static Problem problem(String type, String title, int status, String detail) {
        return new Problem(PROBLEMS + type, title, status, detail, Map.of());
    }

    // ---- its fields

    private static OptionalLong integer(Exchange exchange, String name) {
        Optional<String> value = Fields.one(exchange, name);
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!INTEGER.matcher(value.get()).matches()) {
            throw Fields.wrong(name + " (expected: a number of bytes, of 15 digits at most)");
        }
        return OptionalLong.of(Long.parseLong(value.get()));
    }

    private static boolean isComplete(Exchange exchange) {
        return switch (Fields.one(exchange, COMPLETE).orElse("")) {
            case "?0" -> false;
            case "?1" -> true;
            default -> throw Fields.wrong(COMPLETE + " (expected: ?0 or ?1)");
        };
    }

    private static Optional<String> version(Exchange exchange) {
        return Fields.one(exchange, VERSION);
    }

    private static Optional<String> fileName(Exchange exchange) {
        try {
            return Fields.one(exchange, "Content-Disposition")
                    .map(field -> FieldValue.parse(field).text("filename"))
                    .filter(name -> !name.isEmpty());
        } catch (ViolationException e) {
            throw Fields.wrong("Content-Disposition (expected: such as attachment; filename=\"holiday.jpg\")");
        }
    }

    /** What it is that is uploaded; a client that names the type of an append says nothing of that. */
    private static Optional<String> type(Exchange exchange) {
        return exchange.header("Content-Type").filter(type -> !type.equalsIgnoreCase(PATCH_TYPE));
    }

    private static void checkType(Exchange exchange) {
        // Clients of version 5 have no type for it yet.
        if (version(exchange).filter("5"::equals).isEmpty()
                && exchange.header("Content-Type")
                        .filter(PATCH_TYPE::equalsIgnoreCase)
                        .isEmpty()) {
            throw Problem.of(415, "Content-Type (expected: " + PATCH_TYPE + ")").asException();
        }
    }

    // ---- its requests

    /**
     * Begins an upload.
     *
     * @param name the name that the path gives the file
     */
    void create(Exchange exchange, @Nullable String name) {
        Appending appending = new Appending(exchange);
        OptionalLong stated = integer(exchange, LENGTH);
        long sent = appending.bodyLength;
        boolean whole = appending.last && sent >= 0;
        if (stated.isPresent() && (whole ? stated.getAsLong() != sent : stated.getAsLong() < sent)) {
            throw inconsistent(LENGTH + " (expected: that of the content)");
        }
        String tusMetadata = Fields.one(exchange, "Upload-Metadata").orElse(null); // tus-js-client sends it here too
        Map<String, String> metadata = TusMetadata.parse(tusMetadata == null ? "" : tusMetadata);
        Wish wish = new Wish(
                whole ? sent : stated.orElse(-1),
                fileName(exchange)
                        .or(() -> TusProtocol.first(metadata, "filename", "name"))
                        .map(FileName::safe)
                        .orElse(name),
                type(exchange)
                        .or(() -> TusProtocol.first(metadata, "filetype", "type", "contentType"))
                        .orElse(null),
                metadata,
                tusMetadata,
                null,
                Digests.strongest(exchange.headers(), "Repr-Digest").orElse(null));
        uploads.create(
                exchange, this, wish, upload -> appending.begin(upload, PlainUpload.location(exchange, upload.id)));
    }

    void append(Exchange exchange, String id) {
        checkType(exchange);
        Appending appending = new Appending(exchange);
        long offset = integer(exchange, OFFSET)
                .orElseThrow(() -> Fields.wrong(OFFSET + " (expected: how much the server has)"));
        OptionalLong stated = integer(exchange, LENGTH);
        uploads.visit(exchange, this, id, upload -> {
            if (upload.state().stage() != Stage.RECEIVING) {
                // A client that lost the answer, whatever it sends again.
                answerComplete(exchange, upload, Response.noContent());
                return;
            }
            upload.takeOver();
            upload.acknowledge();
            if (offset != upload.offset()) {
                exchange.respond(mismatch(upload.offset(), offset));
                return;
            }
            long length = length(upload, appending, stated);
            if (length > upload.state().about().maxLength()) {
                throw invalidated(upload, upload.state().about().maxLength());
            }
            if (length >= 0) {
                upload.length(length);
            }
            appending.begin(upload, null);
        });
    }

    private static Response mismatch(long expected, long provided) {
        Problem problem = problem(
                        "mismatching-upload-offset",
                        "Mismatching Upload Offset",
                        409,
                        "The server has " + expected + " bytes, not " + provided + ".")
                .with("expected-offset", expected)
                .with("provided-offset", provided);
        return about(Response.problem(problem), false, expected);
    }

    /** How long the upload is by all that has been said of it, or -1. */
    private static long length(LiveUpload upload, Appending appending, OptionalLong stated) {
        long known = upload.state().length();
        long length = stated.orElse(known);
        if (known >= 0 && known != length) {
            throw inconsistent(LENGTH + " (expected: " + known + ", as before)");
        }
        if (length >= 0 && length < upload.offset()) {
            throw inconsistent(LENGTH + " (expected: at least the " + upload.offset() + " bytes that there are)");
        }
        if (!appending.last || appending.bodyLength < 0) {
            return length;
        }
        long end = upload.offset() + appending.bodyLength;
        if (length >= 0 && length != end) {
            throw inconsistent("The upload would end at " + end + " (expected: " + length + ", its length)");
        }
        return end;
    }

    /** An upload that was given more than it may have is not to be resumed. */
    private static TooLongException invalidated(LiveUpload upload, long maxBytes) throws IOException {
        upload.delete(EventType.ERROR);
        return new TooLongException(maxBytes);
    }

    /** Tells how far it is. A client that does not speak the protocol only looks, and leaves who is sending alone. */
    void offset(Exchange exchange, String id) {
        boolean resumes = isMeant(exchange);
        boolean early = version(exchange).filter(EARLY_VERSIONS::contains).isPresent();
        uploads.visit(exchange, this, id, upload -> {
            if (!resumes) {
                exchange.respond(described(upload, upload.announced()));
                return;
            }
            upload.takeOver();
            upload.acknowledge();
            if (early && upload.hasAll() && !upload.isDone()) {
                complete(exchange, upload, kept -> described(upload, upload.offset()));
            } else {
                exchange.respond(described(upload, upload.offset()));
            }
        });
    }

    void cancel(Exchange exchange, String id) {
        uploads.visit(exchange, this, id, upload -> {
            upload.cancel(EventType.ABORT);
            exchange.respond(Response.noContent());
        });
    }

    // ---- a transfer

    /** What is answered when an upload is complete. */
    @FunctionalInterface
    private interface Answer {
        Response of(Optional<KeptResponse> kept);
    }

    private void complete(Exchange exchange, LiveUpload upload, Answer answer) throws IOException {
        upload.complete(exchange.executor()).whenComplete((kept, failure) -> {
            if (failure != null) {
                // The application has not answered: the client may have it asked again.
                Uploads.answer(exchange, problem -> about(refusal(problem), false, upload.announced()), failure);
            } else {
                exchange.respond(answer.of(kept));
            }
        });
    }

    /** All bytes are there: what the application says of it is the answer, or else {@code otherwise}. */
    private void answerComplete(Exchange exchange, LiveUpload upload, Response otherwise) throws IOException {
        complete(exchange, upload, kept -> about(TusProtocol.merged(kept, otherwise), true, upload.offset()));
    }

    /** The bytes that a request brings, and what it says of them; that is read before anything is done. */
    private final class Appending implements Transfer.Listener {
        private final Exchange exchange;
        /** The one of which 104 may be sent. */
        private final @Nullable String version;

        private final boolean last;
        private final long bodyLength;
        private final @Nullable UploadDigest digest;
        private @Nullable LiveUpload upload;
        private @Nullable String location;

        Appending(Exchange exchange) {
            this.exchange = exchange;
            version = version(exchange).filter(VERSIONS::contains).orElse(null);
            last = isComplete(exchange);
            bodyLength = Fields.bodyLength(exchange);
            digest = Digests.strongest(exchange.headers(), "Content-Digest").orElse(null);
        }

        /**
         * Begins to receive.
         *
         * @param created where the upload is, if this request has created it
         */
        void begin(LiveUpload into, @Nullable String created) throws IOException {
            upload = into;
            location = created;
            UploadState state = into.state();
            long end = state.length() >= 0 ? state.length() : state.about().maxLength();
            if (bodyLength > end - into.offset()) {
                throw invalidated(into, end);
            }
            Transfer transfer = new Transfer(exchange, into, uploads, end, digest, false, this);
            if (created != null) {
                tell(new DefaultHttpHeaders().add("Location", created).add(LIMIT, limit(into)));
            }
            transfer.begin();
            exchange.receive(transfer);
        }

        private LiveUpload upload() {
            return Objects.requireNonNull(upload, "what has not begun");
        }

        private void tell(HttpHeaders news) {
            if (version != null) {
                exchange.interim(RESUMPTION_SUPPORTED, news.add(VERSION, version));
            }
        }

        @Override
        public long storedEvery() {
            return version == null ? -1 : NOTICE_NANOS;
        }

        @Override
        public void stored(long offset) {
            tell(new DefaultHttpHeaders().add(OFFSET, offset));
        }

        @Override
        public void received() throws IOException {
            LiveUpload into = upload();
            if (!last) {
                exchange.respond(about(answer(), false, into.offset()));
            } else if (into.state().length() < 0 || into.hasAll()) {
                answerComplete(exchange, into, answer());
            } else {
                throw inconsistent("The upload has " + into.offset() + " bytes (expected: "
                        + into.state().length() + ", its length)");
            }
        }

        private Response answer() {
            return location == null
                    ? Response.noContent()
                    : Fields.withProgress(
                            Response.of(201).header("Location", location).header(LIMIT, limit(upload())),
                            location,
                            upload());
        }

        @Override
        public void failed(Throwable cause) {
            if (cause instanceof TooLongException) {
                try {
                    upload().delete(EventType.ERROR);
                } catch (IOException e) {
                    LOG.warn("upload {} is too long, and can't be deleted", upload().id, e);
                }
            }
            Uploads.answer(exchange, this::refusal, cause);
        }

        /** With where to go on, unless that is up to another request, or there is nothing left. */
        private Response refusal(Problem problem) {
            Response response = ResumableProtocol.this.refusal(problem);
            if (problem.status() == 409 || upload().isDeleted()) {
                return response;
            }
            Response resumable = about(response, false, upload().announced());
            return location == null ? resumable : resumable.header("Location", location);
        }
    }
}
