package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class AccessLogTest {
    private static final Routes ROUTES = Routes.builder()
            .get("/a", exchange -> exchange.respond(Response.text("a")))
            .build();

    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.parley.access");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(lines);
    }

    @AfterEach
    void leave() {
        logger.detachAppender(lines);
        logger.setLevel(null);
    }

    private List<String> linesOf(ParleyHandler.Builder handler, String request) {
        EmbeddedChannel channel = new EmbeddedChannel();
        handler.routes(ROUTES).build().addTo(channel.pipeline());
        channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.ISO_8859_1));
        for (ByteBuf sent = channel.readOutbound(); sent != null; sent = channel.readOutbound()) {
            sent.release();
        }
        channel.finishAndReleaseAll();
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void isOffUnlessItIsAskedFor() {
        assertThat(linesOf(ParleyHandler.builder(), "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"))
                .isEmpty();
    }

    @Test
    void hasALineForEachExchangeWithoutItsQuery() {
        assertThat(linesOf(
                        ParleyHandler.builder().accessLog(),
                        "GET /a?token=secret HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"))
                .satisfiesExactly(
                        line -> assertThat(line).matches("\\S+ GET /a\\?… 200 COMPLETED \\d+us"),
                        line -> assertThat(line).matches("\\S+ GET /b 404 COMPLETED \\d+us"));
    }

    @Test
    void showsNothingThatATerminalWouldObey() {
        assertThat(AccessLog.printable("/\u001b[31m\r\nGET /forged")).isEqualTo("/\\x1b[31m\\x0d\\x0aGET\\x20/forged");
    }
}
