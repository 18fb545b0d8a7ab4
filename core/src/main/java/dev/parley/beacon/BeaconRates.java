package dev.parley.beacon;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How many beacons may come, in all and from one address. Each rate is one number: the time at which all that was used
 * of it is paid back (the generic cell rate algorithm), which may be as far ahead as a second's worth of beacons takes.
 *
 * <p><b>Limits.</b> {@value #MAX_ADDRESSES} addresses are known at a time; an IPv6 address stands for its network of 64
 * bits. When they are all within their second, what is new shares one rate.
 *
 * <p>Thread-safe.
 */
final class BeaconRates {
    static final int MAX_ADDRESSES = 65_536;
    private static final long BURST_MICROS = TimeUnit.SECONDS.toMicros(1);
    private static final long IPV4 = 0xFFFFL << 48;

    private final int perSecond;
    private final int perAddress;
    private final AtomicLong all = new AtomicLong(Long.MIN_VALUE / 2);
    private final Map<Long, AtomicLong> addresses = new ConcurrentHashMap<>();
    private final AtomicLong strangers = new AtomicLong(Long.MIN_VALUE / 2);
    private final AtomicLong sweptAt = new AtomicLong(Long.MIN_VALUE / 2);

    /** Each number is beacons a second; 0 for no limit. */
    BeaconRates(int perSecond, int perAddress) {
        this.perSecond = perSecond;
        this.perAddress = perAddress;
    }

    /**
     * Counts a beacon.
     *
     * @return 0 if it is within both rates, else how many seconds to wait until the next may come
     */
    long take(@Nullable InetAddress address, long nowMillis) {
        long now = TimeUnit.MILLISECONDS.toMicros(nowMillis);
        long wait = perAddress == 0 ? 0 : take(rateOf(address, now), BURST_MICROS / perAddress, now);
        if (wait == 0 && perSecond > 0) {
            wait = take(all, BURST_MICROS / perSecond, now);
        }
        return wait == 0 ? 0 : TimeUnit.MICROSECONDS.toSeconds(wait - 1) + 1;
    }

    /** Takes one beacon's time, unless that is more than a second ahead; returns how many microseconds too early it is. */
    private static long take(AtomicLong paidBack, long cost, long now) {
        while (true) {
            long before = paidBack.get();
            // One that is further ahead than any beacon can have brought it is from before the clock was set back.
            long from = before > now + 2 * BURST_MICROS ? now : Math.max(before, now);
            long after = from + cost;
            if (after > now + BURST_MICROS) {
                return after - now - BURST_MICROS;
            }
            if (paidBack.compareAndSet(before, after)) {
                return 0;
            }
        }
    }

    private AtomicLong rateOf(@Nullable InetAddress address, long now) {
        long key = key(address);
        AtomicLong known = addresses.get(key);
        if (known != null) {
            return known;
        }
        if (addresses.size() >= MAX_ADDRESSES && !sweep(now)) {
            return strangers;
        }
        return addresses.computeIfAbsent(key, it -> new AtomicLong(Long.MIN_VALUE / 2));
    }

    /** Forgets those that have all of their rate back. Returns whether there is room now. */
    private boolean sweep(long now) {
        long last = sweptAt.get();
        if (now - last < BURST_MICROS || !sweptAt.compareAndSet(last, now)) {
            return false; // a scan for each stranger would be an attack of its own
        }
        addresses.values().removeIf(paidBack -> paidBack.get() <= now);
        return addresses.size() < MAX_ADDRESSES;
    }

    private static long key(@Nullable InetAddress address) {
        if (address == null) {
            return 0;
        }
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address
                ? ByteBuffer.wrap(bytes).getLong()
                : IPV4 | ByteBuffer.wrap(bytes).getInt() & 0xFFFFFFFFL;
    }

    int addresses() {
        return addresses.size();
    }
}
