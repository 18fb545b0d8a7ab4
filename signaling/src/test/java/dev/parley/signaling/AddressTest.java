package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, UNSPECIFIED",
        "0.0.0.1, PRIVATE",
        "9.255.255.255, PUBLIC",
        "10.0.0.0, PRIVATE",
        "10.255.255.255, PRIVATE",
        "11.0.0.0, PUBLIC",
        "100.63.255.255, PUBLIC",
        "100.64.0.0, PRIVATE",
        "100.127.255.255, PRIVATE",
        "100.128.0.0, PUBLIC",
        "126.255.255.255, PUBLIC",
        "127.0.0.1, PRIVATE",
        "127.255.255.255, PRIVATE",
        "128.0.0.0, PUBLIC",
        "169.253.255.255, PUBLIC",
        "169.254.0.0, PRIVATE",
        "169.254.255.255, PRIVATE",
        "169.255.0.0, PUBLIC",
        "172.15.255.255, PUBLIC",
        "172.16.0.0, PRIVATE",
        "172.31.255.255, PRIVATE",
        "172.32.0.0, PUBLIC",
        "192.0.0.4, PRIVATE",
        "192.0.1.0, PUBLIC",
        "192.0.2.1, PUBLIC",
        "192.167.255.255, PUBLIC",
        "192.168.0.0, PRIVATE",
        "192.168.255.255, PRIVATE",
        "192.169.0.0, PUBLIC",
        "255.255.255.255, PUBLIC",
    })
    void addressesOfIpv4ArePrivateWithinTheirNetworks(String text, Address expected) {
        assertThat(read(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "::, UNSPECIFIED",
        "0:0:0:0:0:0:0:0, UNSPECIFIED",
        "::1, PRIVATE",
        "0:0:0:0:0:0:0:1, PRIVATE",
        "fbff::1, PUBLIC",
        "fc00::1, PRIVATE",
        "fd12:3456:789a::1, PRIVATE",
        "FDFF:FFFF::, PRIVATE",
        "fe00::1, PUBLIC",
        "fe7f::1, PUBLIC",
        "fe80::1, PRIVATE",
        "febf::1, PRIVATE",
        "fec0::1, PRIVATE",
        "feff::1, PRIVATE",
        "ff02::1, PUBLIC",
        "2001:db8::1, PUBLIC",
        "2001:db8:1:2:3:4:5:6, PUBLIC",
        "2001:db8:1:2:3:4:5::, PUBLIC",
        "1::, PUBLIC",
        "::ffff:10.1.2.3, PRIVATE",
        "::ffff:0a01:0203, PRIVATE",
        "0:0:0:0:0:FFFF:192.168.1.1, PRIVATE",
        "::ffff:203.0.113.1, PUBLIC",
        "::ffff:0.0.0.0, PRIVATE",
        "::10.1.2.3, PRIVATE",
        "::203.0.113.1, PUBLIC",
        "::fffe:10.1.2.3, PUBLIC",
        "64:ff9b::10.1.2.3, PRIVATE",
        "64:ff9b::0.0.0.0, PRIVATE",
        "64:ff9b::203.0.113.1, PUBLIC",
        "64:ff9b::ffff:10.1.2.3, PUBLIC",
        "64:ff9b:1::203.0.113.1, PRIVATE",
        "2002:a01:203::1, PRIVATE",
        "2002:cb00:7101::1, PUBLIC",
    })
    void addressesOfIpv6ArePrivateByPrefixAndByTheOneOfIpv4InThem(String text, Address expected) {
        assertThat(read(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "5f3c1f5e-6a1b-4d55-9b0f-1f0a8c2f7d10.local, LOCAL_NAME",
        "A.LOCAL, LOCAL_NAME",
        "printer.hall.local, LOCAL_NAME",
        "local, NAME",
        "notlocal, NAME",
        "local.example, NAME",
        "localhost, NAME",
        "turn.example.org, NAME",
        "10.0.0.1.example, NAME",
        "1.a, NAME",
    })
    void namesAreThoseOfMulticastDnsOrOthers(String text, Address expected) {
        assertThat(read(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.4.",
                ".1.2.3.4",
                "1..2.3",
                "256.1.1.1",
                "01.2.3.4",
                "1.2.3.0004",
                "0x7f.0.0.1",
                "0x7f000001",
                "2130706433",
                "1.2.3.٤",
                "a b",
                "a_b.example",
                "a..b",
                ".a",
                "a.",
                "a.-b",
                "müller.example",
                "*",
                ":",
                ":::",
                "::1::",
                "1::2::3",
                ":1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                "12345::",
                "g::",
                "fe80::1%eth0",
                "[::1]",
                "::1.2.3",
                "::1.2.3.4.5",
                "::01.2.3.4",
                "1:2:3:4:5:6:7:1.2.3.4",
                "1.2.3.4::",
                "::１"
            })
    void otherTextIsNone(String text) {
        assertThat(read(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {63, 64})
    void labelsHaveUpTo63Characters(int length) {
        assertThat(read("a".repeat(length) + ".example")).isEqualTo(length == 63 ? Address.NAME : null);
    }

    @ParameterizedTest
    @ValueSource(ints = {253, 254})
    void namesHaveUpTo253Characters(int length) {
        String name = "a.".repeat(length / 2) + "bc".substring(0, length % 2 == 0 ? 2 : 1);
        String exact = length % 2 == 0 ? name.substring(2) : name;

        assertThat(exact).hasSize(length);
        assertThat(read(exact)).isEqualTo(length == 253 ? Address.NAME : null);
    }

    private static @Nullable Address read(String text) {
        String around = "1" + text + "::1";
        return Address.of(around, 1, 1 + text.length());
    }
}
