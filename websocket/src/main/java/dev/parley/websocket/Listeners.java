package dev.parley.websocket;

import dev.parley.http.Exchange;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.FrameListener;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** What the application gave to hear of connections; {@code null} where it gave nothing. */
record Listeners(
        @Nullable BiConsumer<WebSocketConnection, Exchange> open,
        @Nullable BiConsumer<WebSocketConnection, String> text,
        @Nullable BiConsumer<WebSocketConnection, ByteBuf> binary,
        @Nullable BiConsumer<WebSocketConnection, Duration> pong,
        @Nullable BiConsumer<WebSocketConnection, CloseReason> close,
        @Nullable BiConsumer<WebSocketConnection, Throwable> error,
        @Nullable BiConsumer<WebSocketConnection, FrameListener.Frame> frame) {}
