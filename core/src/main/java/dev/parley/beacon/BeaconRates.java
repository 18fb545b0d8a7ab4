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
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** Long ago, and yet so that no difference overflows. */
    private static final long NEVER = Long.MIN_VALUE / 4;

    private static final long IPV4 = 0xFFFFL << 48;

    private final int perSecond;
    private final int perAddress;
    private final AtomicLong all = new AtomicLong(NEVER);
    private final Map<Long, AtomicLong> addresses = new ConcurrentHashMap<>();
    private final AtomicLong strangers = new AtomicLong(NEVER);
    private final AtomicLong sweptAt = new AtomicLong(NEVER);

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
        long now = TimeUnit.MILLISECONDS.toNanos(nowMillis);
        long wait = perAddress == 0 ? 0 : take(rateOf(address, now), perAddress, now);
        if (wait == 0 && perSecond > 0) {
            wait = take(all, perSecond, now);
        }
        return wait == 0 ? 0 : TimeUnit.NANOSECONDS.toSeconds(wait - 1) + 1;
    }

    /** Takes one beacon's time, unless that is more than a second ahead; returns how many nanoseconds too early it is. */
    private static long take(AtomicLong paidBack, int rate, long now) {
        long cost = SECOND / rate;
        long burst = cost * rate; // what is lost by rounding must not make room for one more
        while (true) {
            long before = paidBack.get();
            long after = (isFromTheFuture(before, now) ? now : Math.max(before, now)) + cost;
            if (after > now + burst) {
                return after - now - burst;
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
        return addresses.computeIfAbsent(key, it -> new AtomicLong(NEVER));
    }

    /** Forgets those that have all of their rate back. Returns whether there is room now. */
    private boolean sweep(long now) {
        long last = sweptAt.get();
        if (Math.abs(now - last) < SECOND || !sweptAt.compareAndSet(last, now)) {
            return false; // a scan for each stranger would be an attack of its own
        }
        addresses.values().removeIf(paidBack -> paidBack.get() <= now || isFromTheFuture(paidBack.get(), now));
        return addresses.size() < MAX_ADDRESSES;
    }

    /** Further ahead than any beacon can have brought it: from before the clock was set back. */
    private static boolean isFromTheFuture(long paidBack, long now) {
        return paidBack > now + 2 * SECOND;
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
