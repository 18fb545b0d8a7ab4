package dev.parley.beacon;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BeaconRatesTest {
    /** 2026. */
    private static final long NOW = 1_767_225_600_000L;

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // never asked, for a literal
        }
    }

    private static InetAddress ipv4(int number) {
        try {
            return InetAddress.getByAddress(
                    ByteBuffer.allocate(4).putInt(number).array());
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** How many of so many are let in at one time. */
    private static int letIn(BeaconRates rates, InetAddress address, int offered, long now) {
        int in = 0;
        for (int i = 0; i < offered; i++) {
            in += rates.take(address, now) == 0 ? 1 : 0;
        }
        return in;
    }

    // ---- how many

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 10, 1000, 1500, 300_000, 600_000, 999_999, 1_000_000})
    void aSecondsWorthMayComeAtOnceAndNotOneMore(int perSecond) {
        InetAddress one = address("192.0.2.1");

        assertThat(letIn(new BeaconRates(perSecond, 0), one, perSecond + 10, NOW))
                .as("in all")
                .isEqualTo(perSecond);
        assertThat(letIn(new BeaconRates(0, perSecond), one, perSecond + 10, NOW))
                .as("of an address")
                .isEqualTo(perSecond);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 1000, 300_000, 600_000, 999_999})
    void overTimeAsManyMayComeAsTheRateSays(int perSecond) {
        BeaconRates rates = new BeaconRates(perSecond, 0);
        InetAddress one = address("192.0.2.1");
        letIn(rates, one, perSecond, NOW);

        long in = 0;
        for (int millis = 1; millis <= 3000; millis++) {
            while (rates.take(one, NOW + millis) == 0) {
                in++;
            }
        }

        assertThat(in)
                .isBetween(3L * perSecond, 3L * perSecond + perSecond / 500 + 3); // a nanosecond is all it can tell
    }

    @Test
    void nobodyIsRefusedWithoutARate() {
        assertThat(letIn(new BeaconRates(0, 0), address("192.0.2.1"), 10_000, NOW))
                .isEqualTo(10_000);
    }

    @Test
    void theWaitIsInWholeSecondsAndLongEnough() {
        BeaconRates rates = new BeaconRates(0, 1);
        InetAddress one = address("192.0.2.1");

        assertThat(rates.take(one, NOW)).isZero();
        assertThat(rates.take(one, NOW)).isEqualTo(1);
        assertThat(rates.take(one, NOW + 999)).isEqualTo(1);
        assertThat(rates.take(one, NOW + 1000)).isZero();
    }

    @Test
    void whatIsRefusedCostsNothing() {
        BeaconRates rates = new BeaconRates(0, 10);
        InetAddress one = address("192.0.2.1");
        letIn(rates, one, 1_000_000, NOW);

        assertThat(letIn(rates, one, 100, NOW + 1000)).isEqualTo(10);
    }

    @Test
    void theRateOfAllHoldsForManyAddresses() {
        BeaconRates rates = new BeaconRates(100, 10);

        int in = 0;
        for (int i = 0; i < 1000; i++) {
            in += rates.take(ipv4(i), NOW) == 0 ? 1 : 0;
        }

        assertThat(in).isEqualTo(100);
    }

    // ---- whose

    @Test
    void eachAddressHasARateOfItsOwn() {
        BeaconRates rates = new BeaconRates(0, 5);

        assertThat(letIn(rates, address("192.0.2.1"), 10, NOW)).isEqualTo(5);
        assertThat(letIn(rates, address("192.0.2.2"), 10, NOW)).isEqualTo(5);
    }

    @Test
    void anIpv6NetworkOf64BitsSharesOne() {
        BeaconRates rates = new BeaconRates(0, 5);

        assertThat(letIn(rates, address("2001:db8:0:1::1"), 3, NOW)).isEqualTo(3);
        assertThat(letIn(rates, address("2001:db8:0:1:ffff::2"), 10, NOW)).isEqualTo(2);
        assertThat(letIn(rates, address("2001:db8:0:2::1"), 10, NOW)).isEqualTo(5);
        assertThat(rates.addresses()).isEqualTo(2);
    }

    @Test
    void anIpv4AddressThatIsMappedIsTheSame() {
        BeaconRates rates = new BeaconRates(0, 5);

        assertThat(letIn(rates, address("192.0.2.1"), 3, NOW)).isEqualTo(3);
        assertThat(letIn(rates, address("::ffff:192.0.2.1"), 10, NOW)).isEqualTo(2);
    }

    @Test
    void thoseWithoutAnAddressShareARate() {
        BeaconRates rates = new BeaconRates(0, 5);
        int in = 0;
        for (int i = 0; i < 10; i++) {
            in += rates.take(null, NOW) == 0 ? 1 : 0;
        }
        assertThat(in).isEqualTo(5);
    }

    // ---- bounds

    @Test
    void aMillionAddressesAreBoundedAndNewOnesShareARate() {
        BeaconRates rates = new BeaconRates(0, 2);

        int in = 0;
        for (int i = 0; i < 1_000_000; i++) {
            in += rates.take(ipv4(i), NOW) == 0 ? 1 : 0;
        }

        assertThat(rates.addresses()).isEqualTo(BeaconRates.MAX_ADDRESSES);
        assertThat(in).isEqualTo(BeaconRates.MAX_ADDRESSES + 2);
    }

    @Test
    void thoseThatHaveTheirRateBackAreForgottenForNewOnes() {
        BeaconRates rates = new BeaconRates(0, 2);
        for (int i = 0; i < 1_000_000; i++) {
            rates.take(ipv4(i), NOW);
        }

        assertThat(letIn(rates, address("192.0.2.1"), 5, NOW + 2000)).isEqualTo(2);
        assertThat(rates.addresses()).isEqualTo(1);
    }

    // ---- clocks

    @Test
    void aClockThatIsSetBackKeepsNobodyOut() {
        BeaconRates rates = new BeaconRates(10, 10);
        InetAddress one = address("192.0.2.1");
        letIn(rates, one, 10, NOW);

        assertThat(letIn(rates, one, 20, NOW - 3_600_000)).isEqualTo(10);
        assertThat(letIn(rates, one, 20, NOW - 3_599_000)).isEqualTo(10);
    }

    @Test
    void aClockThatIsSetBackLeavesNoAddressBehind() {
        BeaconRates rates = new BeaconRates(0, 2);
        for (int i = 0; i <= BeaconRates.MAX_ADDRESSES; i++) {
            rates.take(ipv4(i), NOW);
        }

        assertThat(letIn(rates, address("192.0.2.1"), 5, NOW - 3_600_000)).isEqualTo(2);
        assertThat(rates.addresses()).isEqualTo(1);
    }

    @Test
    void clocksOfAnyEpochDo() {
        InetAddress one = address("192.0.2.1");
        for (long now : new long[] {0, -86_400_000L, 1, 4_102_444_800_000L}) {
            assertThat(letIn(new BeaconRates(3, 3), one, 10, now))
                    .as("at %d", now)
                    .isEqualTo(3);
        }
    }

    @Test
    void severalThreadsTakeNoMoreThanOne() throws InterruptedException {
        BeaconRates rates = new BeaconRates(1000, 0);
        AtomicInteger in = new AtomicInteger();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> in.addAndGet(letIn(rates, address("192.0.2.1"), 10_000, NOW)));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(in).hasValue(1000);
    }
}
