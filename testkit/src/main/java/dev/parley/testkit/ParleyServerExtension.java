package dev.parley.testkit;

import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import java.net.URI;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Starts a real server on a free port of the loopback interface, for tests that need a real socket: other clients,
 * browsers, TLS.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final ParleyServerExtension server = ParleyServerExtension.of(routes);
 *
 * @Test
 * void answers() throws Exception {
 *     HttpRequest request = HttpRequest.newBuilder(server.uri("/api/time")).build();
 *     …
 * }
 * }</pre>
 *
 * <p><b>States.</b> In a static field the server lives from before the first test of the class to behind the last; in
 * another field, for one test.
 *
 * <p><b>Threading.</b> Thread-safe while the server lives.
 */
public final class ParleyServerExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    private final Supplier<ParleyServer> builder;
    private volatile @Nullable ParleyServer server;
    private boolean forOneTest;

    private ParleyServerExtension(Supplier<ParleyServer> builder) {
        this.builder = builder;
    }

    /**
     * A server with all defaults.
     *
     * @param routes what it serves
     * @return a new extension
     */
    public static ParleyServerExtension of(Routes routes) {
        return of(ParleyServer.builder().routes(routes));
    }

    /**
     * A server with settings.
     *
     * @param settings all but the address and the port, which this extension sets; must not be changed afterwards
     * @return a new extension
     */
    public static ParleyServerExtension of(ParleyServer.Builder settings) {
        settings.host("127.0.0.1").port(0);
        return new ParleyServerExtension(settings::build);
    }

    /**
     * The running server.
     *
     * @return the server
     * @throws IllegalStateException if no test runs
     */
    public ParleyServer server() {
        ParleyServer running = server;
        if (running == null) {
            throw new IllegalStateException(
                    "server: not started (expected: a field with @RegisterExtension, and a test" + " that runs)");
        }
        return running;
    }

    /**
     * Where the server answers in clear text.
     *
     * @param target path and query, encoded, from the slash on
     * @return a URI with the scheme {@code http}
     */
    public URI uri(String target) {
        return URI.create("http://127.0.0.1:" + server().port() + target);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        start();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (server == null) {
            forOneTest = true;
            start();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (forOneTest) {
            stop();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        stop();
    }

    private void start() {
        server = builder.get().start();
    }

    private void stop() {
        ParleyServer running = server;
        server = null;
        if (running != null) {
            running.close();
        }
    }
}
