package dev.parley.beacon;

import dev.parley.http.Endpoint;
import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.ProblemException;
import dev.parley.http.Response;
import dev.parley.http.StaticFiles;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.cookie.Cookie;
import io.netty.handler.codec.http.cookie.ServerCookieDecoder;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The endpoint that takes what pages send and do not wait for.
 *
 * <pre>{@code
 * BeaconCollector beacons = BeaconCollector.to(batch -> CompletableFuture.completedStage(database.insert(batch)));
 * routes.post("/beacon", beacons);
 * }</pre>
 *
 * <p><b>Wire.</b> Takes POST with a body of any type: <a href="https://www.w3.org/TR/beacon/">Beacon</a>, {@code fetch} with
 * {@code keepalive}, {@code fetchLater}, the <a href="https://www.w3.org/TR/reporting-1/">Reporting API</a>,
 * <a href="https://www.w3.org/TR/CSP3/#report-violation">CSP reports</a> and
 * <a href="https://www.w3.org/TR/network-error-logging/">NEL</a>. Answers 204 without a body; with a durable sink only when the
 * beacon is stored. Who may send is the {@link dev.parley.http.OriginPolicy}'s to say, of the routes that it is in; those of
 * pages of other origins need a policy with credentials, as {@code sendBeacon} always sends them.
 *
 * <p><b>Errors.</b> 413 for a beacon over the limit, 415 for a content coding other than gzip, 429 with {@code Retry-After} above
 * a rate, 410 when it is {@link #retire retired}, 503 when the sink is behind, 405 for another method. A body that is broken is no error:
 * it is kept as it came, and its {@link BeaconBody#flaw} says what is wrong, unless {@link Builder#strict} is set (400). A function
 * of the application that throws counts as failed, and is answered with 500.
 *
 * <p><b>Limits.</b> See {@link Builder}. What waits is bounded in number and bytes, and every beacon ends in one of {@link #counts}.
 *
 * <p><b>Threading.</b> Thread-safe. The functions of the builder are called on event loops and must not block; the sink is called on
 * the server's executor, and by {@link #close} on the common pool.
 *
 * <p><b>Life.</b> {@link #close} gives what waits to the sink; close the server before it, and the sink after it.
 */
public final class BeaconCollector implements Endpoint, AutoCloseable {
    private static final Response NO_CONTENT = Response.noContent();
    private static final Response GONE = Response.problem(Problem.of(410, "Beacons are not collected here any more."));
    private static final Response FULL =
            Response.problem(Problem.of(503, "Too many beacons are waiting.")).header("Retry-After", "1");
    private static final Response TOO_LARGE = Response.problem(Problem.of(413, "The beacon is over the limit."));
    private static final Response UNKNOWN_CODING = Response.problem(Problem.of(415, "The content coding is not known."))
            .header("Accept-Encoding", "gzip");
    private static final Response BROKEN = Response.problem(Problem.of(400, "The beacon is not well-formed."));
    private static final Response NOT_GZIP = Response.problem(Problem.of(400, "The body is not gzip."));
    private static final Response ONLY_POST = Response.problem(Problem.of(405)).header("Allow", "POST");

    private final BeaconQueue queue;
    private final Tally tally = new Tally();
    private final @Nullable BeaconRates rates;
    private final Guards guards;
    private final int maxBeaconBytes;
    private final boolean keepsQueries;
    private final Set<String> cookies;
    private final InstantSource clock;
    private volatile boolean retired;

    private BeaconCollector(Builder builder) {
        Duplicates duplicates = builder.duplicates();
        BeaconSink sink = duplicates == null ? builder.sink : duplicates.remembering(builder.sink);
        queue = new BeaconQueue(sink, builder.limits(), tally);
        rates = builder.rate == 0 && builder.ratePerAddress == 0
                ? null
                : new BeaconRates(builder.rate, builder.ratePerAddress);
        guards = new Guards(builder.sample, builder.filter, builder.dropsNoise, builder.strict, duplicates);
        maxBeaconBytes = builder.maxBeaconBytes;
        keepsQueries = builder.keepsQueries;
        cookies = builder.cookies;
        clock = builder.clock;
    }

    /**
     * A collector with all defaults.
     *
     * @param sink where beacons go
     * @return the collector
     */
    public static BeaconCollector to(BeaconSink sink) {
        return builder(sink).build();
    }

    /**
     * Begins a collector with settings.
     *
     * @param sink where beacons go
     * @return a new builder
     */
    public static Builder builder(BeaconSink sink) {
        return new Builder(sink);
    }

    /**
     * The browser's side, for pages to import: {@code beacon.js}, an ES module without dependencies, and its types,
     * {@code beacon.d.ts}. It puts messages into envelopes of up to 60 KiB, sends them with {@code sendBeacon}, or else
     * {@code fetch} with {@code keepalive}, at the latest when the page is left, and numbers them, so that it shows what was lost.
     *
     * <pre>{@code
     * routes.files("/parley", BeaconCollector.browserModule())
     *
     * import { collect } from '/parley/beacon.js'
     * const beacons = collect('/beacon')
     * beacons.send({ event: 'click', on: 'buy' })
     * }</pre>
     *
     * <p><b>Wire.</b> {@code {"page":"<32 hexadecimal digits>","first":17,"messages":[…]}} as {@code text/plain;charset=UTF-8};
     * the messages are numbered from {@code first} on. An envelope may come twice.
     *
     * @return the files, to be mounted where pages of the same origin find them
     */
    public static StaticFiles browserModule() {
        return StaticFiles.builder(BeaconCollector.class.getClassLoader(), "/META-INF/resources/parley")
                .mediaType("ts", "text/plain; charset=utf-8")
                .build();
    }

    /**
     * What became of all beacons so far.
     *
     * @return the counts at this moment
     */
    public BeaconCounts counts() {
        return tally.counts();
    }

    /** Answers 410 from now on: a browser then stops to send reports here. What was taken is stored all the same. */
    public void retire() {
        retired = true;
    }

    /**
     * Takes no more (503), and gives what waits to the sink. Waits until the sink has decided about all of it, but for 10 s at
     * most: what is left then is logged as an error, and stays counted as accepted. An interrupt ends the wait. A beacon that is being
     * taken at this moment may reach the sink after it: close the server first.
     */
    @Override
    public void close() {
        queue.close();
    }

    @Override
    public void handle(Exchange exchange) {
        if (!exchange.method().equals(HttpMethod.POST)) {
            exchange.respond(ONLY_POST);
        } else if (retired) {
            turnAway(exchange, BeaconCause.RETIRED, GONE);
        } else if (isWithinRates(exchange)) {
            exchange.maxBodyBytes(maxBeaconBytes);
            exchange.body().whenComplete((body, failure) -> {
                if (failure == null) {
                    came(exchange, body.bytes());
                } else {
                    cutShort(exchange, failure);
                }
            });
        }
    }

    private boolean isWithinRates(Exchange exchange) {
        if (rates == null) {
            return true;
        }
        long seconds = rates.take(exchange.peerAddress().getAddress(), clock.millis());
        if (seconds > 0) {
            Response later = Response.problem(Problem.of(429)).header("Retry-After", Long.toString(seconds));
            turnAway(exchange, BeaconCause.RATE, later);
        }
        return seconds == 0;
    }

    /** The body did not come whole; where that needs an answer it is the failure's. */
    private void cutShort(Exchange exchange, Throwable failure) {
        int status =
                failure instanceof ProblemException refusal ? refusal.problem().status() : 0;
        tally.turnedAway(
                switch (status) {
                    case 413 -> BeaconCause.TOO_LARGE;
                    case 503 -> BeaconCause.FULL;
                    default -> BeaconCause.CUT_OFF;
                });
        exchange.respond(CompletableFuture.failedStage(failure));
    }

    private void turnAway(Exchange exchange, BeaconCause cause, Response response) {
        tally.turnedAway(cause);
        exchange.respond(response);
    }

    private void came(Exchange exchange, byte[] bytes) {
        String coding = exchange.headers().get(HttpHeaderNames.CONTENT_ENCODING);
        if (coding != null
                && exchange.headers().getAll(HttpHeaderNames.CONTENT_ENCODING).size() > 1) {
            turnAway(exchange, BeaconCause.CODING, UNKNOWN_CODING); // several, one on top of the other
        } else if (coding == null || coding.equalsIgnoreCase("identity")) {
            take(exchange, bytes);
        } else if (coding.equalsIgnoreCase("gzip") || coding.equalsIgnoreCase("x-gzip")) {
            inflate(exchange, bytes);
        } else {
            turnAway(exchange, BeaconCause.CODING, UNKNOWN_CODING);
        }
    }

    private void inflate(Exchange exchange, byte[] coded) {
        byte[] plain;
        try {
            plain = Gunzip.inflate(coded, maxBeaconBytes);
        } catch (IOException e) {
            turnAway(exchange, BeaconCause.BROKEN, NOT_GZIP);
            return;
        }
        if (plain.length > maxBeaconBytes) {
            turnAway(exchange, BeaconCause.TOO_LARGE, TOO_LARGE);
        } else {
            take(exchange, plain);
        }
    }

    private void take(Exchange exchange, byte[] bytes) {
        if (guards.isSampledOut()) {
            turnAway(exchange, BeaconCause.SAMPLED_OUT, NO_CONTENT);
            return;
        }
        Beacon beacon;
        BeaconCause objection;
        try {
            Beacon whole = beacon(exchange, bytes);
            Optional<Beacon> sifted =
                    Reports.isSentByBrowser(whole) ? guards.sifted(whole, exchange.authority()) : Optional.of(whole);
            beacon = sifted.orElse(whole);
            objection = sifted.isEmpty() ? BeaconCause.NOISE : guards.objection(beacon);
        } catch (Throwable t) { // of a function of the application
            tally.spoiled();
            exchange.respond(CompletableFuture.failedStage(t));
            return;
        }
        if (objection != null) {
            turnAway(exchange, objection, objection.isRefusal() ? BROKEN : NO_CONTENT);
            return;
        }
        BeaconCause refusal = queue.offer(beacon, exchange);
        if (refusal == BeaconCause.FULL) {
            guards.refused(beacon);
            exchange.respond(FULL);
        } else if (refusal != null || !queue.isDurable()) {
            exchange.respond(NO_CONTENT);
        }
    }

    private Beacon beacon(Exchange exchange, byte[] bytes) {
        HttpHeaders headers = exchange.headers();
        String referrer = headers.get(HttpHeaderNames.REFERER);
        BeaconBody body = BeaconBody.of(headers.get(HttpHeaderNames.CONTENT_TYPE), bytes);
        BeaconSource source = new BeaconSource(
                exchange.peerAddress().getAddress(),
                exchange.path(),
                headers.get(HttpHeaderNames.ORIGIN),
                referrer == null || keepsQueries ? referrer : Scrubber.scrubbed(referrer),
                headers.get(HttpHeaderNames.USER_AGENT),
                cookies.isEmpty() ? Map.of() : cookies(headers));
        return new Beacon(Instant.ofEpochMilli(clock.millis()), source, keepsQueries ? body : Scrubber.scrubbed(body));
    }

    /** The cookies that were asked for; of several of one name the first, which is the most specific. */
    private Map<String, String> cookies(HttpHeaders headers) {
        Map<String, String> kept = new HashMap<>();
        for (String line : headers.getAll(HttpHeaderNames.COOKIE)) {
            for (Cookie cookie : ServerCookieDecoder.STRICT.decode(line)) {
                if (cookies.contains(cookie.name())) {
                    kept.putIfAbsent(cookie.name(), cookie.value());
                }
            }
        }
        return kept;
    }

    /** Builds a {@link BeaconCollector}. Not thread-safe. */
    public static final class Builder {
        /** The least that a queue must have room for, beside the body: what is kept of one request. */
        private static final int ROOM_BYTES = 64 * 1024;

        private final BeaconSink sink;
        private int maxBeaconBytes = 64 * 1024;
        private int maxQueuedBeacons = 65_536;
        private long maxQueuedBytes = 16L * 1024 * 1024;
        private int maxBatchBeacons = 1024;
        private long maxBatchBytes;
        private @Nullable Duration maxBatchDelay;
        private WhenBehind whenBehind = WhenBehind.REFUSE;
        private int rate;
        private int ratePerAddress;
        private double sample = 1;
        private @Nullable Predicate<Beacon> filter;
        private boolean dropsNoise;
        private boolean strict;
        private @Nullable Function<Beacon, Optional<String>> id;
        private Duration window = Duration.ZERO;
        private int maxIds;
        private boolean keepsQueries;
        private Set<String> cookies = Set.of();
        private InstantSource clock = InstantSource.system();

        private Builder(BeaconSink sink) {
            this.sink = Objects.requireNonNull(sink, "sink");
        }

        /**
         * Sets how large a beacon may be, coded and decoded. What is larger gets 413.
         *
         * @param bytes 1 to 16 MiB; default 64 KiB, which is all that a browser lets a page have on its way
         * @return this builder
         */
        public Builder maxBeaconBytes(int bytes) {
            maxBeaconBytes = Setting.within("maxBeaconBytes", bytes, 1, 16 * 1024 * 1024);
            return this;
        }

        /**
         * Sets how many beacons may wait for the sink, beside the batch that it has.
         *
         * @param beacons 1 to 10 million; default 65,536
         * @return this builder
         */
        public Builder maxQueuedBeacons(int beacons) {
            maxQueuedBeacons = Setting.within("maxQueuedBeacons", beacons, 1, 10_000_000);
            return this;
        }

        /**
         * Sets how many bytes the beacons that wait for the sink may take: their bodies and texts, and 256 bytes each for the
         * objects.
         *
         * @param bytes up to 64 GiB, and 64 KiB more than {@link #maxBeaconBytes} at least; default 16 MiB
         * @return this builder
         */
        public Builder maxQueuedBytes(long bytes) {
            maxQueuedBytes = Setting.within("maxQueuedBytes", bytes, 1L, 64L << 30);
            return this;
        }

        /**
         * Sets what becomes of beacons while as many wait as may.
         *
         * @param policy default {@link WhenBehind#REFUSE}, the only one for a durable sink
         * @return this builder
         */
        public Builder whenBehind(WhenBehind policy) {
            whenBehind = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets how many beacons a batch holds at most.
         *
         * @param beacons 1 to 100,000; default 1,024
         * @return this builder
         */
        public Builder maxBatchBeacons(int beacons) {
            maxBatchBeacons = Setting.within("maxBatchBeacons", beacons, 1, 100_000);
            return this;
        }

        /**
         * Sets how many bytes make a batch full, counted as {@link #maxQueuedBytes} counts.
         *
         * @param bytes 1 to 1 GiB; default 1 MiB, and 256 KiB for a durable sink. A batch may have one beacon more than this
         * @return this builder
         */
        public Builder maxBatchBytes(long bytes) {
            maxBatchBytes = Setting.within("maxBatchBytes", bytes, 1L, 1L << 30);
            return this;
        }

        /**
         * Sets how long a beacon waits for others to fill its batch, as long as the sink keeps up.
         *
         * @param delay 0 to 10 s; default 10 ms, and 0.2 ms for a durable sink, whose answers wait for it
         * @return this builder
         */
        public Builder maxBatchDelay(Duration delay) {
            if (delay.isNegative() || delay.compareTo(Duration.ofSeconds(10)) > 0) {
                throw new IllegalArgumentException("maxBatchDelay: " + delay + " (expected: 0 to 10 s)");
            }
            maxBatchDelay = delay;
            return this;
        }

        /**
         * Sets how many beacons may come in all; above it they get 429. A second's worth may come at once.
         *
         * @param perSecond 1 to 1,000,000; by default there is no limit
         * @return this builder
         */
        public Builder rate(int perSecond) {
            rate = Setting.within("rate", perSecond, 1, 1_000_000);
            return this;
        }

        /**
         * Sets how many beacons may come from one address (of IPv6: from one network of 64 bits); above it they get 429. A second's
         * worth may come at once. The address is a trusted proxy's word, where there is one: behind a proxy that is not trusted all
         * clients share one rate. 65,536 addresses are told apart at a time; beyond that, new ones share one rate.
         *
         * @param perSecond 1 to 1,000,000; by default there is no limit
         * @return this builder
         */
        public Builder ratePerAddress(int perSecond) {
            ratePerAddress = Setting.within("ratePerAddress", perSecond, 1, 1_000_000);
            return this;
        }

        /**
         * Refuses with 400 what is not well-formed for its kind; without this it is kept, with its {@link BeaconBody#flaw}.
         *
         * @return this builder
         */
        public Builder strict() {
            strict = true;
            return this;
        }

        /**
         * Keeps a random part of the beacons; the others get 204 and are dropped.
         *
         * @param part more than 0, up to 1; default 1
         * @return this builder
         */
        public Builder sample(double part) {
            if (!(part > 0 && part <= 1)) {
                throw new IllegalArgumentException("sample: " + part + " (expected: more than 0, up to 1)");
            }
            sample = part;
            return this;
        }

        /**
         * Keeps only what the application wants; the others get 204 and are dropped.
         *
         * @param wanted whether to keep it; it must not block
         * @return this builder
         */
        public Builder filter(Predicate<Beacon> wanted) {
            filter = Objects.requireNonNull(wanted, "wanted");
            return this;
        }

        /**
         * Drops reports of what is none of the site's doing: what a browser's extension injected or loaded, and reports about the
         * path of the collector, on whatever host. Of a batch the others stay.
         *
         * @return this builder
         */
        public Builder dropNoise() {
            dropsNoise = true;
            return this;
        }

        /**
         * Drops beacons whose id has been seen before; they get 204. An id is remembered for the window at least and for two at most,
         * unless more than half of {@code maxIds} come within a window: then the oldest are forgotten earlier.
         *
         * <p>A beacon that was refused with 503 may be sent again. With a durable sink an id counts from when its beacon is stored:
         * of several that come before that, more than one may be stored.
         *
         * @param id the id of a beacon, or empty where it has none: the same whenever it is asked. It must not block
         * @param window more than 0, up to 7 days
         * @param maxIds 2 to 10 million; each takes about 60 bytes
         * @return this builder
         */
        public Builder dropDuplicates(Function<Beacon, Optional<String>> id, Duration window, int maxIds) {
            if (window.isNegative() || window.isZero() || window.compareTo(Duration.ofDays(7)) > 0) {
                throw new IllegalArgumentException("window: " + window + " (expected: more than 0, up to 7 days)");
            }
            this.id = Objects.requireNonNull(id, "id");
            this.window = window;
            this.maxIds = Setting.within("maxIds", maxIds, 2, 10_000_000);
            return this;
        }

        /**
         * Keeps queries and fragments in the referrer and in the addresses that reports hold. Without this they are taken out, as
         * they often hold names, searches and tokens.
         *
         * @return this builder
         */
        public Builder keepQueries() {
            keepsQueries = true;
            return this;
        }

        /**
         * Keeps cookies, which are ignored without this.
         *
         * @param names those to keep
         * @return this builder
         */
        public Builder cookies(String... names) {
            cookies = Set.of(names);
            return this;
        }

        /**
         * Sets the clock that says when beacons arrive, and that rates and windows go by.
         *
         * @param clock the system's, unless this is set
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        private @Nullable Duplicates duplicates() {
            return id == null ? null : new Duplicates(id, new SeenIds(window, maxIds), sink.isDurable());
        }

        private BeaconLimits limits() {
            boolean durable = sink.isDurable(); // its answers wait for it
            long batchBytes = maxBatchBytes > 0 ? maxBatchBytes : durable ? 256 * 1024 : 1024 * 1024;
            Duration delay =
                    maxBatchDelay != null ? maxBatchDelay : durable ? Duration.ofNanos(200_000) : Duration.ofMillis(10);
            return new BeaconLimits(maxQueuedBeacons, maxQueuedBytes, maxBatchBeacons, batchBytes, delay, whenBehind);
        }

        /**
         * The collector.
         *
         * @return what was set
         * @throws IllegalArgumentException if the settings contradict each other
         */
        public BeaconCollector build() {
            if (sink.isDurable() && whenBehind != WhenBehind.REFUSE) {
                throw new IllegalArgumentException("whenBehind: " + whenBehind
                        + " (expected: REFUSE, as the sink is durable, and 204 promises that a beacon is stored)");
            }
            if (maxQueuedBytes < (long) maxBeaconBytes + ROOM_BYTES) {
                throw new IllegalArgumentException("maxQueuedBytes: " + maxQueuedBytes + " (expected: 64 KiB more than"
                        + " maxBeaconBytes at least, which is " + maxBeaconBytes + ")");
            }
            return new BeaconCollector(this);
        }
    }
}
