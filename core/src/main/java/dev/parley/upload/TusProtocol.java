package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import dev.parley.upload.UploadDigest.Algorithm;
import dev.parley.upload.UploadProgress.EventType;
import dev.parley.upload.UploadState.Stage;
import dev.parley.upload.Uploads.Wish;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The protocol <a href="https://tus.io/protocols/resumable-upload">tus 1.0.0</a>, with creation, creation-with-upload,
 * creation-defer-length, expiration, checksum, checksum-trailer, termination and concatenation.
 *
 * <pre>
 *   POST  /uploads      Upload-Length: 100           →  201  Location: /uploads/id
 *   PATCH /uploads/id   Upload-Offset: 0   70 bytes  →  204  Upload-Offset: 70
 *   HEAD  /uploads/id                                →  204  Upload-Offset: 70
 *   PATCH /uploads/id   Upload-Offset: 70  30 bytes  →  204  Upload-Offset: 100
 * </pre>
 */
final class TusProtocol implements Uploads.Dialect {
    static final String VERSION = "1.0.0";
    private static final String EXTENSIONS =
            "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation";
    private static final String PATCH_TYPE = "application/offset+octet-stream";

    /** A checksum that does not match: tus' own status. */
    private static final int MISMATCH = 460;

    private static final int MAX_PARTS = 1000;

    private final Uploads uploads;

    TusProtocol(Uploads uploads) {
        this.uploads = uploads;
    }

    // ---- its answers

    @Override
    public Response refusal(Problem problem) {
        return versioned(Response.problem(problem));
    }

    @Override
    public Problem mismatch() {
        return new Problem(
                null,
                "Checksum Mismatch",
                MISMATCH,
                "The bytes of this request do not have its checksum; they were not kept.",
                Map.of());
    }

    private static Response versioned(Response response) {
        return response.header("Tus-Resumable", VERSION);
    }

    /** What a server can do: told to who asks by OPTIONS. */
    static Response described(Response response, long maxBytes) {
        return response.header("Tus-Version", VERSION)
                .header("Tus-Resumable", VERSION)
                .header("Tus-Extension", EXTENSIONS)
                .header("Tus-Max-Size", Long.toString(maxBytes))
                .header(
                        "Tus-Checksum-Algorithm",
                        Arrays.stream(Algorithm.values())
                                .map(Algorithm::tusName)
                                .sorted()
                                .collect(Collectors.joining(",")));
    }

    /** An answer with what it may say of the upload. */
    private static Response about(LiveUpload upload, Response response) {
        Response answer = versioned(response).header("Upload-Offset", Long.toString(upload.offset()));
        return upload.expires()
                .map(expires -> answer.header("Upload-Expires", Fields.date(expires)))
                .orElse(answer);
    }

    // ---- its requests

    /** Whether the version is this one; if not, that is the answer. */
    private boolean isMine(Exchange exchange) {
        if (exchange.header("Tus-Resumable").filter(VERSION::equals).isPresent()) {
            return true;
        }
        exchange.respond(refusal(Problem.of(412, "Tus-Resumable (expected: " + VERSION + ")"))
                .header("Tus-Version", VERSION));
        return false;
    }

    void create(Exchange exchange) {
        if (!isMine(exchange)) {
            return;
        }
        OptionalLong length = Fields.bytes(exchange, "Upload-Length");
        Optional<String> deferred = Fields.one(exchange, "Upload-Defer-Length");
        Optional<String> concat = Fields.one(exchange, "Upload-Concat");
        String tusMetadata = Fields.one(exchange, "Upload-Metadata").orElse(null);
        Map<String, String> metadata = TusMetadata.parse(tusMetadata == null ? "" : tusMetadata);
        boolean isFinal = concat.filter(value -> value.startsWith("final;")).isPresent();
        if (concat.isPresent() && !isFinal && !concat.get().equals("partial")) {
            throw Fields.wrong("Upload-Concat (expected: partial, or final;/a /b)");
        }
        if (deferred.isPresent() && !deferred.get().equals("1")) {
            throw Fields.wrong("Upload-Defer-Length (expected: 1)");
        }
        if (isFinal ? length.isPresent() || deferred.isPresent() : length.isPresent() == deferred.isPresent()) {
            throw Fields.wrong(
                    isFinal
                            ? "Upload-Length of what is put together (expected: none)"
                            : "Upload-Length (expected: it, or Upload-Defer-Length: 1)");
        }
        if (isFinal) {
            putTogether(exchange, tusMetadata, metadata, concat.get());
            return;
        }
        boolean withContent = hasContent(exchange);
        if (withContent) {
            checkType(exchange);
        }
        Transfers transfer = new Transfers(exchange);
        uploads.create(exchange, this, wish(length.orElse(-1), tusMetadata, metadata, concat.orElse(null)), upload -> {
            Response created = created(exchange, upload);
            if (withContent) {
                transfer.append(upload, 0, created);
            } else if (upload.hasAll()) {
                answerComplete(exchange, upload, created);
            } else {
                exchange.respond(about(upload, created));
            }
        });
    }

    private static Response created(Exchange exchange, LiveUpload upload) {
        String location = Fields.location(exchange, upload.id);
        return Fields.withProgress(Response.of(201).header("Location", location), location, upload);
    }

    private static Wish wish(
            long length, @Nullable String tusMetadata, Map<String, String> metadata, @Nullable String concat) {
        return new Wish(
                length,
                first(metadata, "filename", "name").map(FileName::safe).orElse(null),
                first(metadata, "filetype", "type", "contentType").orElse(null),
                metadata,
                tusMetadata,
                concat,
                null);
    }

    static Optional<String> first(Map<String, String> metadata, String... names) {
        return Arrays.stream(names)
                .map(metadata::get)
                .filter(value -> value != null && !value.isEmpty())
                .findFirst();
    }

    private static boolean hasContent(Exchange exchange) {
        return exchange.headers().contains("Transfer-Encoding")
                || exchange.header("Content-Length")
                        .filter(length -> !length.equals("0"))
                        .isPresent()
                || isPatch(exchange);
    }

    /** Whether the type of the content is that of this protocol. */
    static boolean isPatch(Exchange exchange) {
        return exchange.header("Content-Type")
                .filter(PATCH_TYPE::equalsIgnoreCase)
                .isPresent();
    }

    private static void checkType(Exchange exchange) {
        if (!isPatch(exchange)) {
            throw Problem.of(415, "Content-Type (expected: " + PATCH_TYPE + ")").asException();
        }
    }

    void append(Exchange exchange, String id) {
        if (!isMine(exchange)) {
            return;
        }
        checkType(exchange);
        long offset = Fields.bytes(exchange, "Upload-Offset")
                .orElseThrow(() -> Fields.wrong("Upload-Offset (expected: how much the server has)"));
        OptionalLong length = Fields.bytes(exchange, "Upload-Length");
        Transfers transfer = new Transfers(exchange);
        uploads.visit(exchange, this, id, upload -> {
            UploadState state = upload.state();
            if (isFinal(state)) {
                throw Problem.of(403, "This upload is put together of others.").asException();
            }
            upload.takeOver();
            upload.acknowledge();
            if (offset != upload.offset()) {
                exchange.respond(about(
                        upload,
                        refusal(Problem.of(409, "The server has " + upload.offset() + " bytes, not " + offset + "."))));
                return;
            }
            if (length.isPresent()) {
                knownLength(upload, length.getAsLong());
            }
            if (upload.hasAll()) {
                if (Fields.bodyLength(exchange) > 0) {
                    throw Problem.of(413, "The upload has all of its bytes.").asException();
                }
                answerComplete(exchange, upload, Response.noContent());
            } else {
                transfer.append(upload, offset, Response.noContent());
            }
        });
    }

    private static boolean isFinal(UploadState state) {
        String concat = state.about().tusConcat();
        return concat != null && concat.startsWith("final;");
    }

    private static void knownLength(LiveUpload upload, long length) throws IOException {
        long known = upload.state().length();
        if (known >= 0 && known != length) {
            throw Fields.wrong("Upload-Length (expected: " + known + ", as before)");
        }
        if (length < upload.offset()) {
            throw Fields.wrong("Upload-Length (expected: at least the " + upload.offset() + " bytes that there are)");
        }
        if (length > upload.state().about().maxLength()) {
            throw Problem.of(413, "An upload may have " + upload.state().about().maxLength() + " bytes.")
                    .asException();
        }
        upload.length(length);
    }

    void offset(Exchange exchange, String id) {
        if (!isMine(exchange)) {
            return;
        }
        uploads.visit(exchange, this, id, upload -> {
            upload.takeOver();
            upload.acknowledge();
            UploadState state = upload.state();
            if (upload.hasAll() && !upload.isDone() && !isFinal(state)) {
                // Else a client would take for done what the application has not.
                answerComplete(exchange, upload, described(upload));
            } else {
                exchange.respond(about(upload, described(upload)));
            }
        });
    }

    private static Response described(LiveUpload upload) {
        UploadState state = upload.state();
        Response response =
                Fields.withProgress(Response.noContent().header("Cache-Control", "no-store"), upload.id, upload);
        response = Digests.told(response, state);
        response = state.length() >= 0
                ? response.header("Upload-Length", Long.toString(state.length()))
                : response.header("Upload-Defer-Length", "1");
        if (state.about().tusMetadata() != null) {
            response = response.header("Upload-Metadata", state.about().tusMetadata());
        }
        return state.about().tusConcat() == null
                ? response
                : response.header("Upload-Concat", state.about().tusConcat());
    }

    void terminate(Exchange exchange, String id) {
        if (isMine(exchange)) {
            uploads.visit(exchange, this, id, upload -> {
                upload.cancel(EventType.ABORT);
                exchange.respond(versioned(Response.noContent()));
            });
        }
    }

    // ---- a transfer

    /** All bytes are there: what the application says of it is the answer, or else {@code otherwise}. */
    private void answerComplete(Exchange exchange, LiveUpload upload, Response otherwise) throws IOException {
        upload.complete(exchange.executor()).whenComplete((kept, failure) -> {
            if (failure != null) {
                Uploads.answer(exchange, this, failure);
            } else {
                exchange.respond(about(upload, merged(kept, otherwise)));
            }
        });
    }

    static Response merged(Optional<KeptResponse> kept, Response otherwise) {
        if (kept.isEmpty()) {
            return otherwise;
        }
        Response response = kept.get().toResponse();
        for (String name : List.of("Location", "Upload-Progress")) {
            String value = otherwise.header(name);
            if (value != null && response.header(name) == null) {
                response = response.header(name, value);
            }
        }
        return response;
    }

    /** What a request says of the bytes that it brings; read before anything is done. */
    private final class Transfers {
        private final Exchange exchange;
        private final long bodyLength;
        private final @Nullable UploadDigest checksum;
        private final boolean checksumFollows;

        Transfers(Exchange exchange) {
            this.exchange = exchange;
            bodyLength = Fields.bodyLength(exchange);
            checksum = Fields.one(exchange, "Upload-Checksum")
                    .map(Transfers.this::checksum)
                    .orElse(null);
            checksumFollows = checksum == null
                    && exchange.headers().getAll("Trailer").stream()
                            .flatMap(names -> Arrays.stream(names.split(",")))
                            .anyMatch(name -> name.strip().equalsIgnoreCase("Upload-Checksum"));
        }

        private UploadDigest checksum(String field) {
            String[] pair = field.split(" ", -1);
            Optional<Algorithm> algorithm = Algorithm.ofTus(pair[0]);
            if (algorithm.isEmpty() || pair.length != 2) {
                throw Fields.wrong("Upload-Checksum (expected: an algorithm of Tus-Checksum-Algorithm SP base64)");
            }
            try {
                byte[] expected = Base64.getDecoder().decode(pair[1]);
                if (expected.length == algorithm.get().bytes()) {
                    return new UploadDigest(algorithm.get(), expected);
                }
            } catch (IllegalArgumentException e) {
                // told below
            }
            throw Fields.wrong(
                    "Upload-Checksum (expected: base64 of " + algorithm.get().bytes() + " bytes)");
        }

        void append(LiveUpload upload, long offset, Response answer) throws IOException {
            UploadState state = upload.state();
            long end = state.length() >= 0 ? state.length() : state.about().maxLength();
            if (bodyLength > end - offset) {
                throw Problem.of(413, "The upload would have more than the " + end + " bytes that there may be.")
                        .asException();
            }
            Transfer transfer =
                    new Transfer(exchange, upload, uploads, end, checksum, checksumFollows, new Transfer.Listener() {
                        @Override
                        public @Nullable UploadDigest digest(HttpHeaders trailers) {
                            String field = trailers.get("Upload-Checksum");
                            if (field == null) {
                                throw Fields.wrong("Upload-Checksum (expected: in the trailer section, as announced)");
                            }
                            return checksum(field);
                        }

                        @Override
                        public void received() throws IOException {
                            if (upload.hasAll()) {
                                answerComplete(exchange, upload, answer);
                            } else {
                                exchange.respond(about(upload, answer));
                            }
                        }

                        @Override
                        public void failed(Throwable cause) {
                            Uploads.answer(exchange, TusProtocol.this, cause);
                        }
                    });
            transfer.begin();
            exchange.receive(transfer);
        }
    }

    // ---- concatenation

    private void putTogether(
            Exchange exchange, @Nullable String tusMetadata, Map<String, String> metadata, String concat) {
        List<String> parts = new ArrayList<>();
        for (String url : concat.substring("final;".length()).strip().split(" +", -1)) {
            String id = url.substring(url.lastIndexOf('/') + 1);
            if (!Uploads.isId(id)) {
                throw Fields.wrong("Upload-Concat (expected: final;, and the addresses of partial uploads)");
            }
            parts.add(id);
        }
        if (new HashSet<>(parts).size() < parts.size()) {
            throw Fields.wrong("Upload-Concat (expected: each partial upload once)");
        }
        if (parts.size() > MAX_PARTS) {
            throw Fields.wrong("Upload-Concat: " + parts.size() + " parts (expected: " + MAX_PARTS + " at most)");
        }
        uploads.total(
                exchange,
                this,
                parts,
                TusProtocol::checkPart,
                total -> uploads.create(exchange, this, wish(total, tusMetadata, metadata, concat), upload -> {
                    upload.join(parts);
                    answerComplete(exchange, upload, created(exchange, upload));
                }));
    }

    private static void checkPart(LiveUpload part) {
        if (!part.state().about().isPartial()) {
            throw Fields.wrong("Upload-Concat (expected: uploads that were created as partial)");
        }
        if (part.state().stage() != Stage.DONE) {
            throw Fields.wrong("Upload-Concat (expected: uploads that are complete)");
        }
    }
}
