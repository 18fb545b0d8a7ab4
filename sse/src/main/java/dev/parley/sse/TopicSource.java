package dev.parley.sse;

import dev.parley.http.Exchange;
import dev.parley.sse.codec.ServerSentEvent;
import dev.parley.topic.Filter;
import dev.parley.topic.From;
import dev.parley.topic.OverflowPolicy;
import dev.parley.topic.Position;
import dev.parley.topic.Publication;
import dev.parley.topic.Subscription;
import dev.parley.topic.Topic;
import java.security.Principal;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint's streams are fed from.
 *
 * @param from where a client begins that tells no position
 * @param filter {@code null} for all publications
 * @param allow asked for each publication and client; {@code null} where all may be heard by all
 * @param snapshot what a client gets first; {@code null} for nothing
 */
record TopicSource(
        Function<Exchange, CompletionStage<List<Topic>>> topics,
        Function<Exchange, From> from,
        @Nullable Function<Exchange, Filter> filter,
        @Nullable BiPredicate<Exchange, Publication> allow,
        OverflowPolicy overflow,
        @Nullable Function<Exchange, CompletionStage<ServerSentEvent>> snapshot) {
    /** An id of no topic: who tells something that can't be read has lost what nobody knows. */
    private static final Position UNKNOWN = new Position(0, 0);

    boolean isFiltered() {
        return filter != null || allow != null;
    }

    /** The subscription of one stream, not begun. */
    Subscription.Builder subscription(Exchange exchange, List<Topic> chosen, Optional<List<Position>> heard) {
        Filter all = filter == null ? Filter.ALL : filter.apply(exchange);
        if (allow != null) {
            all = all.and(publication -> allow.test(exchange, publication));
        }
        return Subscription.to(chosen)
                .from(heard.map(TopicSource::since).orElseGet(() -> from.apply(exchange)))
                .filter(all)
                .overflow(overflow)
                .as(exchange.principal().map(Principal::getName).orElse(null));
    }

    private static From since(List<Position> positions) {
        return From.since(positions.isEmpty() ? List.of(UNKNOWN) : positions);
    }
}
