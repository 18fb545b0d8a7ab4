package dev.parley.http;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Stub. */
@SuppressWarnings("DoNotCallSuggester")
final class HttpExchange implements Exchange {
    private static UnsupportedOperationException stub() {
        return new UnsupportedOperationException("stub");
    }

    /** Runs an endpoint on this exchange; what it throws becomes the answer. */
    void run(Endpoint endpoint) {
        throw stub();
    }

    /** Answers with what a failure stands for. */
    void fail(Throwable failure) {
        throw stub();
    }

    void recognise(@Nullable Principal principal) {
        throw stub();
    }

    /** Told by the routes: which policy holds, and the parameters of the path: names and values in turn. */
    void routed(OriginPolicy policy, String[] parameters) {
        throw stub();
    }

    RequestTarget requestTarget() {
        throw stub();
    }

    @Override
    public HttpMethod method() {
        throw stub();
    }

    @Override
    public String path() {
        throw stub();
    }

    @Override
    public String path(String name) {
        throw stub();
    }

    @Override
    public Optional<String> query(String name) {
        throw stub();
    }

    @Override
    public List<String> queryAll(String name) {
        throw stub();
    }

    @Override
    public String target() {
        throw stub();
    }

    @Override
    public HttpHeaders headers() {
        throw stub();
    }

    @Override
    public Optional<String> header(CharSequence name) {
        throw stub();
    }

    @Override
    public Protocol protocol() {
        throw stub();
    }

    @Override
    public String scheme() {
        throw stub();
    }

    @Override
    public String authority() {
        throw stub();
    }

    @Override
    public InetSocketAddress peerAddress() {
        throw stub();
    }

    @Override
    public Optional<String> requestedProtocol() {
        throw stub();
    }

    @Override
    public OriginPolicy originPolicy() {
        throw stub();
    }

    @Override
    public Optional<Principal> principal() {
        throw stub();
    }

    @Override
    public <T> Optional<T> attribute(AttributeKey<T> key) {
        throw stub();
    }

    @Override
    public <T> void attribute(AttributeKey<T> key, @Nullable T value) {
        throw stub();
    }

    @Override
    public void maxBodyBytes(long bytes) {
        throw stub();
    }

    @Override
    public CompletionStage<Body> body() {
        throw stub();
    }

    @Override
    public <T> CompletionStage<T> json(Class<T> type) {
        throw stub();
    }

    @Override
    public void receive(BodyListener listener) {
        throw stub();
    }

    @Override
    public void respond(Response response) {
        throw stub();
    }

    @Override
    public void respond(CompletionStage<Response> response) {
        throw stub();
    }

    @Override
    public ResponseStream stream(Response head) {
        throw stub();
    }

    @Override
    public void switchProtocol(HttpHeaders headers, Consumer<ChannelPipeline> protocol) {
        throw stub();
    }

    @Override
    public void onEnd(Consumer<EndReason> listener) {
        throw stub();
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        throw stub();
    }

    @Override
    public Executor executor() {
        throw stub();
    }
}
