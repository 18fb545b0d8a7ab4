package dev.parley.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.SseEndpoint;
import dev.parley.topic.Topic;
import dev.parley.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A browser hears each event of a compressed stream when it comes, and goes on where it was when the stream ends. */
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
final class CompressedStreamBrowserTest {
    private static final String PAGE = """
            <!doctype html>
            <title>news</title>
            <script>
              const heard = [];
              const source = new EventSource('/news');
              source.onmessage = (e) => heard.push(e.data.slice(0, 16));
              source.addEventListener('parley:resumed', () => heard.push('resumed'));
            </script>
            """;

    private static void awaitHeard(Page page, String... texts) {
        page.waitForFunction("texts => JSON.stringify(heard) === JSON.stringify(texts)", List.of(texts));
    }

    @Test
    void eventsAreHeardWhenTheyComeAndAfterAReconnect() throws Exception {
        Topics topics = Topics.inMemory();
        Topic news = topics.topic("news");
        BlockingQueue<SseEmitter> opened = new LinkedBlockingQueue<>();
        AtomicReference<String> accepted = new AtomicReference<>("");
        SseEndpoint stream = SseEndpoint.builder(exchange -> news)
                .gzip()
                .retry(Duration.ofMillis(100))
                .onOpen(emitter -> {
                    accepted.set(emitter.exchange().header("Accept-Encoding").orElse(""));
                    opened.add(emitter);
                })
                .build();
        Routes routes = Routes.builder()
                .get("/", exchange -> exchange.respond(Response.html(PAGE)))
                .get("/news", stream)
                .build();
        try (ParleyServer server = ParleyServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routes(routes)
                        .build()
                        .start();
                Playwright playwright = InstalledBrowser.playwright();
                Browser browser = InstalledBrowser.launch(playwright);
                Page page = Patience.in(browser.newContext()).newPage()) {
            AtomicReference<String> encoding = new AtomicReference<>();
            page.onResponse(response -> {
                if (response.url().endsWith("/news")) {
                    encoding.set(response.headers().get("content-encoding"));
                }
            });
            page.navigate("http://127.0.0.1:" + server.port() + "/");
            SseEmitter first = opened.poll(Patience.SECONDS, TimeUnit.SECONDS);
            assertThat(first).isNotNull();
            news.publish("one");
            awaitHeard(page, "one");
            news.publish("x".repeat(100_000));
            awaitHeard(page, "one", "xxxxxxxxxxxxxxxx");
            assertThat(accepted.get()).contains("gzip");
            assertThat(encoding.get()).isEqualTo("gzip");

            first.close();
            assertThat(opened.poll(Patience.SECONDS, TimeUnit.SECONDS)).isNotNull();
            news.publish("two");
            awaitHeard(page, "one", "xxxxxxxxxxxxxxxx", "resumed", "two");
        } finally {
            topics.close();
        }
    }
}
