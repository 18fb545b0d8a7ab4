package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
    private static final TrustedProxies PROXIES = TrustedProxies.of("10.0.0.0/8", "::1");
    private static final String UNTOLD = "10.0.0.1:1234 http a.example";

    private static HttpHeaders forwarded(String... lines) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String line : lines) {
            headers.add("Forwarded", line);
        }
        return headers;
    }

    private static String resolve(HttpHeaders headers) {
        return resolve(PROXIES, "10.0.0.1", headers);
    }

    private static String resolve(TrustedProxies proxies, String peer, HttpHeaders headers) {
        TrustedProxies.Client client = proxies.resolve(new InetSocketAddress(peer, 1234), "http", "a.example", headers);
        InetSocketAddress address = client.address();
        return address.getAddress().getHostAddress() + ":" + address.getPort() + " " + client.scheme() + " "
                + client.authority();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            for=192.0.2.43                                      | 192.0.2.43:0 http a.example
            For=192.0.2.43                                      | 192.0.2.43:0 http a.example
            for="192.0.2.43:47011"                              | 192.0.2.43:47011 http a.example
            for="192.0.2.43:_port"                              | 192.0.2.43:0 http a.example
            for="[2001:db8::17]:4711"                           | 2001:db8:0:0:0:0:0:17:4711 http a.example
            for="[2001:db8::17]"                                | 2001:db8:0:0:0:0:0:17:0 http a.example
            for="[::ffff:192.0.2.43]"                           | 192.0.2.43:0 http a.example
            for="\\1\\92.0.2.43"                                | 192.0.2.43:0 http a.example
            for=192.0.2.43;proto=https;host=shop.example        | 192.0.2.43:0 https shop.example
            host="shop.example:8443";PROTO=HTTPS;for=192.0.2.43 | 192.0.2.43:0 https shop.example:8443
            for=192.0.2.43;by=203.0.113.43;secret=x             | 192.0.2.43:0 http a.example
            for=192.0.2.43;by="a;b,c=\\"d"                      | 192.0.2.43:0 http a.example
            proto=https                                         | 10.0.0.1:1234 https a.example
            for=unknown;proto=https                             | 10.0.0.1:1234 https a.example
            for=_hidden;proto=https                             | 10.0.0.1:1234 https a.example
            for="_hidden:80"                                    | 10.0.0.1:1234 http a.example
            for=192.0.2.43;proto=ftp                            | 192.0.2.43:0 http a.example
            for=192.0.2.43;host="a/b"                           | 192.0.2.43:0 http a.example
            for=192.0.2.43;host="u@b"                           | 192.0.2.43:0 http a.example
            for=198.51.100.1, for=192.0.2.43                    | 192.0.2.43:0 http a.example
            for=192.0.2.43, for=10.9.9.9                        | 192.0.2.43:0 http a.example
            for=192.0.2.43,for="[::1]",for=10.9.9.9             | 192.0.2.43:0 http a.example
            for=10.1.1.1, for=10.2.2.2                          | 10.1.1.1:0 http a.example
            for=192.0.2.43, for=unknown                         | 10.0.0.1:1234 http a.example
            for=192.0.2.43, for=_x, for=10.2.2.2                | 10.2.2.2:0 http a.example
            for=192.0.2.43;proto=https;host=b, for=10.2.2.2;proto=http;host=c | 192.0.2.43:0 https b
            for=192.0.2.43, for=10.2.2.2;proto=https;host=c     | 192.0.2.43:0 https c
            for=1.1.1.1;proto=https;host=evil, for=192.0.2.43   | 192.0.2.43:0 http a.example
            , for=192.0.2.43 ,,                                 | 192.0.2.43:0 http a.example
            for=192.0.2.43;                                     | 192.0.2.43:0 http a.example
            for=192.0.2.43 ; proto=https                        | 192.0.2.43:0 https a.example
            """)
    void forwardedTellsTheRightmostHopThatIsNotTrusted(String line, String client) {
        assertThat(resolve(forwarded(line))).isEqualTo(client);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "for",
                "for=",
                "=192.0.2.43",
                "for =192.0.2.43",
                "for= 192.0.2.43",
                "for=192.0.2.43:80",
                "for=[2001:db8::17]",
                "for=2001:db8::17",
                "for=\"2001:db8::17\"",
                "for=\"[192.0.2.43]\"",
                "for=\"192.0.2.43",
                "for=192.0.2.43\"",
                "for=\"192.0.2.43\\",
                "for=\"192.0.2.43\"x",
                "for=192.0.2.43 proto=https",
                "for=192.0.2.43;for=192.0.2.44",
                "for=\"192.0.2.43:99999\"",
                "for=\"192.0.2.43:\"",
                "for=192.0.2",
                "for=192.0.2.256",
                "for=a.example",
                "for=\"[fe80::1%eth0]\"",
                "for=\"[]\"",
                "for=192.0.2.43;proto=https;x",
                "for=192.0.2.43, \"",
                "for=192.0.2.43;@=1",
                "for= ",
                "for=;proto=https",
                "for=192.0.2.43,proto",
                "garbage"
            })
    void whatIsMalformedIsIgnored(String line) {
        assertThat(resolve(forwarded(line))).isEqualTo(UNTOLD);
    }

    @Test
    void aMalformedLineDoesNotHideWhatANearerProxyWrote() {
        assertThat(resolve(forwarded("for=\"", "for=192.0.2.43"))).isEqualTo("192.0.2.43:0 http a.example");
        assertThat(resolve(forwarded("for=192.0.2.43", "for=\""))).isEqualTo(UNTOLD);
        assertThat(resolve(forwarded("for=192.0.2.43", "for=\"", "for=10.2.2.2")))
                .isEqualTo("10.2.2.2:0 http a.example");
    }

    @Test
    void aLongLineIsReadLikeAnother() {
        String padding = "\\a".repeat(8_000);

        assertThat(resolve(forwarded("x=\"" + padding + "\";for=192.0.2.43"))).isEqualTo("192.0.2.43:0 http a.example");
        assertThat(resolve(forwarded("for=1.1.1.1,".repeat(1_000) + "for=192.0.2.43")))
                .isEqualTo("192.0.2.43:0 http a.example");
    }

    @Test
    void severalLinesAreOneList() {
        assertThat(resolve(forwarded("for=198.51.100.1, for=192.0.2.43", "for=10.2.2.2, for=10.3.3.3")))
                .isEqualTo("192.0.2.43:0 http a.example");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            192.0.2.43                 | ''          | ''             | 192.0.2.43:0 http a.example
            192.0.2.43:80              | https       | shop.example   | 192.0.2.43:80 https shop.example
            2001:db8::17               | HTTPS       | shop.example:1 | 2001:db8:0:0:0:0:0:17:0 https shop.example:1
            [2001:db8::17]             | ''          | ''             | 2001:db8:0:0:0:0:0:17:0 http a.example
            [2001:db8::17]:80          | ''          | ''             | 2001:db8:0:0:0:0:0:17:80 http a.example
            198.51.100.1, 192.0.2.43   | https       | b              | 192.0.2.43:0 https b
            192.0.2.43, 10.2.2.2       | https       | b              | 192.0.2.43:0 https b
            192.0.2.43,10.2.2.2        | https, http | b, c           | 192.0.2.43:0 https b
            1.1.1.1, 192.0.2.43        | https, http | evil, c        | 192.0.2.43:0 http c
            10.1.1.1, 10.2.2.2         | https       | b              | 10.1.1.1:0 https b
            unknown                    | https       | b              | 10.0.0.1:1234 https b
            192.0.2.43, garbage        | https       | b              | 10.0.0.1:1234 https b
            192.0.2.43,                | ''          | ''             | 10.0.0.1:1234 http a.example
            a.example                  | ftp         | a/b            | 10.0.0.1:1234 http a.example
            """)
    void xForwardedIsReadWhereForwardedIsMissing(String addresses, String scheme, String authority, String client) {
        HttpHeaders headers = new DefaultHttpHeaders()
                .set("X-Forwarded-For", addresses)
                .set("X-Forwarded-Proto", scheme)
                .set("X-Forwarded-Host", authority);

        assertThat(resolve(headers)).isEqualTo(client);
    }

    @Test
    void xForwardedProtoAndHostStandAlone() {
        assertThat(resolve(new DefaultHttpHeaders().set("X-Forwarded-Proto", "https")))
                .isEqualTo("10.0.0.1:1234 https a.example");
        assertThat(resolve(new DefaultHttpHeaders().set("X-Forwarded-Host", "b")))
                .isEqualTo("10.0.0.1:1234 http b");
    }

    @Test
    void ofBothKindsNeitherIsBelieved() {
        HttpHeaders headers = forwarded("for=192.0.2.43");
        headers.set("X-Forwarded-For", "198.51.100.1")
                .set("X-Forwarded-Proto", "https")
                .set("X-Forwarded-Host", "b");

        assertThat(resolve(headers)).isEqualTo(UNTOLD);
        assertThat(resolve(forwarded("for=192.0.2.43").set("X-Forwarded-Proto", "https")))
                .isEqualTo(UNTOLD);
    }

    @Test
    void withoutHeadersNothingChanges() {
        assertThat(resolve(new DefaultHttpHeaders())).isEqualTo(UNTOLD);
    }

    @Test
    void nothingIsBelievedFromWhoIsNotTrusted() {
        HttpHeaders headers = forwarded("for=192.0.2.43;proto=https;host=b");

        assertThat(resolve(PROXIES, "192.0.2.1", headers)).isEqualTo("192.0.2.1:1234 http a.example");
        assertThat(resolve(TrustedProxies.none(), "10.0.0.1", headers)).isEqualTo(UNTOLD);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,          10.255.0.1,  true",
        "10.0.0.0/8,          11.0.0.1,    false",
        "10.0.0.0/8,          '::1',       false",
        "192.168.16.0/20,     192.168.31.255, true",
        "192.168.16.0/20,     192.168.32.0, false",
        "192.0.2.128/25,      192.0.2.127, false",
        "192.0.2.1,           192.0.2.1,   true",
        "192.0.2.1,           192.0.2.2,   false",
        "192.0.2.1/32,        192.0.2.1,   true",
        "0.0.0.0/0,           8.8.8.8,     true",
        "0.0.0.0/0,           '::1',       false",
        "'::/0',              '::1',       true",
        "'::/0',              8.8.8.8,     false",
        "2001:db8::/33,       2001:db8:7fff::1, true",
        "2001:db8::/33,       2001:db8:8000::1, false",
        "::ffff:10.0.0.0/104, 10.1.1.1,    true",
        "::ffff:10.0.0.1,     10.0.0.1,    true",
        "10.0.0.1,            ::ffff:10.0.0.1, true",
    })
    void blocksAreComparedByTheirFirstBits(String block, String address, boolean trusted) {
        assertThat(TrustedProxies.of(block).trusts(new InetSocketAddress(address, 1)))
                .isEqualTo(trusted);
    }

    @Test
    void anUnresolvedPeerIsNotTrusted() {
        assertThat(TrustedProxies.of("0.0.0.0/0").trusts(InetSocketAddress.createUnresolved("embedded", 1)))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                | an IP address, or a block such as 10.0.0.0/8
            localhost         | an IP address, or a block such as 10.0.0.0/8
            10.0.0            | an IP address, or a block such as 10.0.0.0/8
            10.0.0.256        | an IP address, or a block such as 10.0.0.0/8
            fe80::1%eth0      | an IP address, or a block such as 10.0.0.0/8
            [::1]             | an IP address, or a block such as 10.0.0.0/8
            10.0.0.1:80       | an IP address, or a block such as 10.0.0.0/8
            10.0.0.0/         | a prefix of 0 to 32 bits
            10.0.0.0/33       | a prefix of 0 to 32 bits
            10.0.0.0/-1       | a prefix of 0 to 32 bits
            10.0.0.0/255.0.0.0| a prefix of 0 to 32 bits
            ::/129            | a prefix of 0 to 128 bits
            ::ffff:10.0.0.0/8 | a prefix of 96 to 128 bits
            10.0.0.1/8        | no bits set behind the prefix
            2001:db8::1/32    | no bits set behind the prefix
            """)
    void whatIsNoBlockIsRefused(String block, String expected) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrustedProxies.of(block))
                .withMessage("trusted proxy: " + block + " (expected: " + expected + ")");
    }
}
