package dev.parley.sse.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client heard of a stream: events, comments and retries in order, and the id that it would resume from. */
record Heard(List<Object> all, @Nullable String lastEventId) {

    record Comment(String text) {}

    /** Parses the chunks as one stream, and ends it. */
    static Heard of(byte[]... chunks) {
        List<Object> all = new ArrayList<>();
        EventStreamParser parser = new EventStreamParser(new EventStreamParser.Listener() {
            @Override
            public void onEvent(ServerSentEvent event) {
                all.add(event);
            }

            @Override
            public void onComment(String comment) {
                all.add(new Comment(comment));
            }

            @Override
            public void onRetry(Duration retry) {
                all.add(retry);
            }
        });
        for (byte[] chunk : chunks) {
            ByteBuf buffer = Unpooled.wrappedBuffer(chunk);
            parser.parse(buffer);
            if (buffer.isReadable()) {
                throw new AssertionError(buffer.readableBytes() + " bytes were not read");
            }
        }
        parser.end();
        return new Heard(List.copyOf(all), parser.lastEventId());
    }

    List<ServerSentEvent> events() {
        return all.stream()
                .filter(ServerSentEvent.class::isInstance)
                .map(ServerSentEvent.class::cast)
                .toList();
    }

    List<@Nullable String> data() {
        List<@Nullable String> data = new ArrayList<>();
        events().forEach(event -> data.add(event.data()));
        return data;
    }
}
