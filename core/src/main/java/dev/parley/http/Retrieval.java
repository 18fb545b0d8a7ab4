package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a resource is read: whole, in part, or not at all, as its validators and the request say.
 *
 * <p>Immutable.
 *
 * @param resource what is read
 * @param contentType its media type
 * @param cacheControl how long who may keep it
 */
record Retrieval(Resource resource, String contentType, String cacheControl) {

    /** The answer to {@code GET} or {@code HEAD}: section 13.2.2 of RFC 9110, then section 14.2. */
    Response answer(HttpMethod method, HttpHeaders request, Instant now) {
        return switch (Preconditions.of(request, resource, now)) {
            case FAILED -> Response.problem(Problem.of(412));
            // Of the metadata, section 15.4.5 wants no more than what a cache is to store.
            case NOT_MODIFIED -> validated(304);
            case PERFORM -> ranges(method, request, now).map(this::part).orElseGet(this::whole);
        };
    }

    /** Empty where the whole is asked for. */
    private Optional<List<ByteRange>> ranges(HttpMethod method, HttpHeaders request, Instant now) {
        // Section 14.2 gives Range a meaning for GET alone; two of them contradict each other.
        List<String> fields = request.getAll(HttpHeaderNames.RANGE);
        return method.equals(HttpMethod.GET) && fields.size() == 1 && Preconditions.rangeCounts(request, resource, now)
                ? ByteRange.parse(fields.get(0), resource.length())
                : Optional.empty();
    }

    private Response whole() {
        return described(200).content(resource.part(0, resource.length()));
    }

    private Response part(List<ByteRange> ranges) {
        long length = resource.length();
        return switch (ranges.size()) {
            case 0 -> Response.problem(Problem.of(416)).header("Content-Range", "bytes */" + length);
            case 1 -> {
                ByteRange range = ranges.get(0);
                yield described(206)
                        .header("Content-Range", range.of(length))
                        .content(resource.part(range.first(), range.length()));
            }
            default -> whole();
        };
    }

    private Response described(int status) {
        return validated(status)
                .header("Content-Type", contentType)
                .header("X-Content-Type-Options", "nosniff")
                .header("Accept-Ranges", "bytes");
    }

    private Response validated(int status) {
        Response response =
                Response.of(status).header("ETag", resource.tag().toString()).header("Cache-Control", cacheControl);
        Instant modified = resource.modified();
        return modified == null ? response : response.header("Last-Modified", HttpDate.format(modified));
    }
}
