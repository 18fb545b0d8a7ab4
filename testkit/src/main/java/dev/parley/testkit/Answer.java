package dev.parley.testkit;

import dev.parley.sse.codec.EventStreamParser;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a client has heard of the answer to one request, so far. Confined to the test's thread. */
final class Answer {
    enum End {
        /** More may come. */
        NONE,
        /** All has come. */
        COMPLETE,
        /** The connection or the stream ended before all had come. */
        CUT_OFF,
        /** What came is not HTTP. */
        BROKEN
    }

    /** For messages: {@code GET /x over HTTP_2}. */
    private final String request;

    private final List<Integer> informational = new ArrayList<>();
    private int status;
    private HttpHeaders headers = EmptyHttpHeaders.INSTANCE;
    private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;
    private final Received body = new Received();
    private final List<ServerSentEvent> events = new ArrayList<>();
    private final List<String> comments = new ArrayList<>();
    private @Nullable Duration retry;
    private @Nullable EventStreamParser parser;
    private End end = End.NONE;
    private String endDetail = "";

    Answer(String request) {
        this.request = request;
    }

    // ---- told by the client's codec

    void informational(int code) {
        informational.add(code);
    }

    void head(int code, HttpHeaders fields) {
        status = code;
        headers = fields;
        String type = fields.get(HttpHeaderNames.CONTENT_TYPE);
        if (type != null && type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
            parser = new EventStreamParser(new EventStreamParser.Listener() {
                @Override
                public void onEvent(ServerSentEvent event) {
                    events.add(event);
                }

                @Override
                public void onComment(String comment) {
                    comments.add(comment);
                }

                @Override
                public void onRetry(Duration time) {
                    retry = time;
                }
            });
        }
    }

    void data(ByteBuf bytes) {
        body.add(bytes);
    }

    void complete(HttpHeaders section) {
        trailers = section;
        end(End.COMPLETE, "");
    }

    void end(End how, String detail) {
        if (end == End.NONE) {
            end = how;
            endDetail = detail;
        }
    }

    // ---- asked by the test

    String request() {
        return request;
    }

    List<Integer> informational() {
        return informational;
    }

    boolean hasHead() {
        return status != 0;
    }

    int status() {
        return status;
    }

    HttpHeaders headers() {
        return headers;
    }

    HttpHeaders trailers() {
        return trailers;
    }

    Received body() {
        return body;
    }

    boolean isEventStream() {
        return parser != null;
    }

    /** All of the body that nobody has looked at. */
    byte[] takeAll() {
        return body.take();
    }

    /** Reads what has come of an event stream. */
    private void parse() {
        if (parser != null) {
            parser.parse(Unpooled.wrappedBuffer(body.take()));
        }
    }

    List<ServerSentEvent> takeEvents() {
        parse();
        List<ServerSentEvent> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    List<String> takeComments() {
        parse();
        List<String> taken = List.copyOf(comments);
        comments.clear();
        return taken;
    }

    @Nullable
    Duration retry() {
        parse();
        return retry;
    }

    @Nullable
    String lastEventId() {
        parse();
        return parser == null ? null : parser.lastEventId();
    }

    End end() {
        return end;
    }

    /** How far it came, for messages. */
    String progress() {
        String head = hasHead() ? "answered " + status : "not answered";
        return switch (end) {
            case NONE -> hasHead() ? head + ", and goes on" : head;
            case COMPLETE -> head;
            case CUT_OFF -> head + ", then cut off" + endDetail;
            case BROKEN -> head + ", then broken: " + endDetail;
        };
    }

    /** What nobody has looked at; empty if there is nothing. */
    String unread() {
        parse();
        if (!events.isEmpty()) {
            return "events " + events;
        }
        return body.size() == 0 ? "" : Text.quote(body.peek());
    }
}
