package dev.parley.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a request to read asks to hold before it is performed:
 * <a href="https://www.rfc-editor.org/rfc/rfc9110#section-13">RFC 9110 section 13</a>.
 */
final class Preconditions {

    /** What becomes of the request. */
    enum Outcome {
        /** It is performed. */
        PERFORM,
        /** 304: the client has what it asks for. */
        NOT_MODIFIED,
        /** 412: what the client has is not what there is. */
        FAILED
    }

    private Preconditions() {}

    /** The steps 1 to 4 of section 13.2.2, in their order, for {@code GET} and {@code HEAD}. */
    static Outcome of(HttpHeaders request, Resource resource, Instant now) {
        Optional<String> ifMatch = list(request, HttpHeaderNames.IF_MATCH);
        if (ifMatch.isPresent()) {
            if (!matches(ifMatch.get(), resource.tag()::matchesStrongly)) {
                return Outcome.FAILED;
            }
        } else if (modifiedAfter(request, HttpHeaderNames.IF_UNMODIFIED_SINCE, resource, now)
                .orElse(false)) {
            return Outcome.FAILED;
        }
        Optional<String> ifNoneMatch = list(request, HttpHeaderNames.IF_NONE_MATCH);
        boolean wanted = ifNoneMatch.isPresent()
                ? !matches(ifNoneMatch.get(), resource.tag()::matchesWeakly)
                : modifiedAfter(request, HttpHeaderNames.IF_MODIFIED_SINCE, resource, now)
                        .orElse(true);
        return wanted ? Outcome.PERFORM : Outcome.NOT_MODIFIED;
    }

    /**
     * Step 5: whether {@code If-Range} lets {@code Range} count. A tag must match strongly, a date exactly. A date is as
     * good as a strong tag only if nothing can change any more in its second (section 8.8.2.2); that the client got it
     * after that second was over is for the client to know (section 13.1.5).
     */
    static boolean rangeCounts(HttpHeaders request, Resource resource, Instant now) {
        List<String> fields = request.getAll(HttpHeaderNames.IF_RANGE);
        if (fields.isEmpty()) {
            return true;
        }
        if (fields.size() > 1) {
            return false;
        }
        List<EntityTag> tags = EntityTag.parse(fields.get(0));
        if (!tags.isEmpty()) {
            return tags.size() == 1 && resource.tag().matchesStrongly(tags.get(0));
        }
        Instant modified = resource.modified();
        return modified != null
                && !modified.plusSeconds(1).isAfter(now)
                && HttpDate.parse(fields.get(0), now).filter(modified::equals).isPresent();
    }

    /** A resource is at hand, so {@code *} matches. */
    private static boolean matches(String tags, Predicate<EntityTag> match) {
        return tags.equals("*") || EntityTag.parse(tags).stream().anyMatch(match);
    }

    /** Empty where the field must be ignored: absent, repeated, no date; or the resource has no date. */
    private static Optional<Boolean> modifiedAfter(
            HttpHeaders request, CharSequence field, Resource resource, Instant now) {
        List<String> dates = request.getAll(field);
        Instant modified = resource.modified();
        return dates.size() == 1 && modified != null
                ? HttpDate.parse(dates.get(0), now).map(modified::isAfter)
                : Optional.empty();
    }

    /** A list that was sent as several fields is one list (section 5.3). */
    private static Optional<String> list(HttpHeaders request, CharSequence field) {
        List<String> parts = request.getAll(field);
        return parts.isEmpty() ? Optional.empty() : Optional.of(String.join(",", parts));
    }
}
