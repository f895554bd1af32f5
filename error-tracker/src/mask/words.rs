//! The standard lists of names.

/// Match anywhere in a name, even within a word.
pub(super) const ANYWHERE: &str = "password secret";

/// Every value below a name that contains one of these is secret.
pub(super) const PARTS: &str = "\
        passw passwd passphrase passcode passkey pwd credential authorization bearer jwt cookie csrf xsrf \
        private_key api_key access_key signing_key encryption_key decryption_key master_key ssh_key rsa_key \
        secret_key aes_key hmac_key shared_key auth_key oauth_key account_key session_key cipher_key license_key deploy_key \
        webhook_key instrumentation_key stripe_key sendgrid_key session_id sessid card_number credit_card seed_phrase recovery_code \
        backup_code mfa_code security_code identified_by authtoken accesstoken apitoken refreshtoken usertoken \
        requirepass masterauth bindpw rootpw storepass keypass";

/// Every value below a name that has one of these as a whole word is secret.
pub(super) const WORDS: &str = "\
        cvv cvc ssn psk pw db_pass user_pass smtp_pass mail_pass redis_pass ftp_pass mysql_pass postgres_pass pg_pass \
        admin_pass root_pass login_pass become_pass sudo_pass";

/// A word that may name a secret: the value decides, or the word before it.
#[derive(Debug)]
pub(super) struct WeakWord {
    pub(super) word: &'static str,
    /// Words before it that make every value secret.
    pub(super) secret_qualifiers: &'static str,
    /// Words before it that make no value secret.
    pub(super) harmless_qualifiers: &'static str,
    /// Every other word before it makes the value secret, if both are one name: `card_token`.
    pub(super) any_qualifier: bool,
}

const fn weak(
    word: &'static str,
    secret_qualifiers: &'static str,
    harmless_qualifiers: &'static str,
) -> WeakWord {
    WeakWord {
        word,
        secret_qualifiers,
        harmless_qualifiers,
        any_qualifier: matches!(word.as_bytes(), b"token"),
    }
}

pub(super) const WEAK_WORDS: &[WeakWord] = &[
    weak(
        "token",
        "\
        access auth api refresh id bearer session csrf xsrf oauth user client bot secret login reset github \
        gitlab slack npm jwt security authentication personal private service app application admin device \
        registration deploy invite invitation verification activation webhook remember signing identity master \
        root account customer telegram discord stripe twilio vault consul pypi docker database db sas sso",
        "\
        next skip bad page pagination cancellation cancel continuation continue resume sync shutdown stop drop lexer \
        parse parser peek peeked current cur prev previous last first second look lookahead ahead expected \
        unexpected unrecognized unknown invalid found missing eof eoi eos end start begin open close closing \
        opening left right keyword string ident identifier number numeric int integer float literal punct \
        punctuation operator op delimiter delim separator sep whitespace comment special bos pad padding unk \
        mask cls syntax template html xml json yaml css sql macro stream vocabulary vocab max min total prompt \
        completion input output cached reasoning subword word byte char num raw lex lexed parsed fencing fence \
        event stray trailing leading extra consumed skipped matched error text bracket brace paren comma colon \
        semicolon newline indent dedent symbol terminal nonterminal ast source span spanned tree new_line \
        idempotency idempotent dedup lock watermark nft erc20 erc swap base quote reward governance native \
        wrapped liquidity remaining search query park unpark poll mio waker wake epoll subscription observer \
        undo redo scroll offset position checkpoint batch change delta watch version concurrency trivia boundary \
        marker loop wait image audio video sentence document sample noise masked target label type_ kind value \
        any some no this that each every other inner outer nested generic lifetime visibility attribute doc path \
        block arm match statement expression expr item field method argument param parameter",
    ),
    weak(
        "key",
        "\
        gpg pgp client service server app admin bot google aws azure gcp openai anthropic mailgun twilio algolia \
        wallet wep wpa wifi wireless vpn wireguard symmetric derived ephemeral root kms data_encryption crypto wrapping \
        rotation seed tls ssl pem pragma",
        "\
        primary foreign partition sort range cache map row object public unique composite candidate natural \
        surrogate index lookup group order routing i18n translation message arrow hot dict json field config \
        event parent child column hash idempotency idempotent dedup registry metric label tag attribute attr \
        property prop setting env header query param form data tree btree next last first prev previous min max \
        start end from to left right search filter bucket file path blob entity record item node doc document \
        shard cluster topic kafka stream redis memcache cursor enter escape esc tab shift ctrl control alt meta \
        super cmd command function fn backspace delete space home page any keyboard piano musical error feature \
        flag resource locale string text word answer legend color layout ordering grouping join aggregate time \
        date id name type missing unknown invalid unexpected duplicate expected str int u8 u32 u64 usize toml \
        yaml xml ini option section modifier accelerator shortcut mnemonic react list vec set hashmap trie lru \
        store table db database s3 sub static dynamic local global skeleton car house room hotel major \
        minor build job task trace log span price country region menu nav theme icon image asset upload download \
        state context request response plugin module package dependency branch leaf prefix suffix value display \
        title alias lock slug mutex semaphore limit throttle retry queue channel mailbox thread conversation ordinal \
        numeric integer hashed encoded concat language category product_category segment dimension facet pivot \
        measure sparse dense low high lower upper current old new other same exact matching given requested \
        found known reserved allowed valid",
    ),
    weak(
        "pin",
        "user card sim debit credit atm login security personal",
        "\
        gpio led digital analog adc dac pwm input output cs sck clk mosi miso sda scl tx rx reset rst clock data \
        enable en irq int interrupt button btn map tie rolling bowling safety firing cotter header board i2c spi \
        uart power vcc gnd ground sensor motor servo relay buzzer pull push drop lapel crank linchpin ic chip \
        chip_select strobe latch trigger echo dir step fan heater probe center hinge hair lock shaft wrist dowel \
        split roll king banking ball row col column dc rs a b c d",
    ),
    weak(
        "session",
        "",
        "\
        training game work workout study recording current active new old next last first previous gym therapy \
        yoga photo plenary trading debug debugging profiling ssh tmux terminal shell tcp tls ssl db database \
        spark cassandra sql inference onnx tf tensorflow media audio video chat meeting class parliament jam \
        poster keynote breakout morning afternoon evening practice coding qa lab support sales mentoring \
        interview voting court trial live",
    ),
    weak("auth", "", "no require requires with without skip optional missing invalid"),
    weak("sid", "", "windows group owner domain"),
    weak("sso", "", ""),
    weak("saml", "", ""),
    weak("otp", "", "erlang"),
    weak("totp", "", ""),
    weak("salt", "", "sea table rock bath road molten epsom himalayan"),
    weak("dsn", "", ""),
    weak("sig", "", ""),
    weak(
        "signature",
        "",
        "\
        function fn method type time call trait class module email operator abi closure parameter parameters \
        params macro query invalid html mail file magic key generic constructor return expected interface event \
        selector rust java go c declaration byte handler callback api procedure operation endpoint wasm ffi \
        schema struct block route command signal slot",
    ),
];

/// Names that contain a listed part by chance.
pub(super) const ALLOWED: &str = "\
        secretary secretarial secretariat secretaries secretion secretions secretly key_value websocket_key s3_key n_token \
        key_code key_down key_up key_press session_idle session_idx api_key_header";

/// Words after a secret's name which say that the value is a property of the secret, not the
/// secret.
pub(super) const PROPERTY_WORDS: &str = "\
        count counts counter len length lengths size sizes bits type types kind kinds index idx limit limits \
        timeout ttl expiry expires expired expiration expire max min minimum maximum total usage used valid \
        validity validation validator enabled disabled required optional algorithm algo alg name names path \
        paths mode state status method methods provider providers duration error errors failed failures failure \
        policy policies strength score rule rules age date time changed updated created rotated rotation \
        attempts attempt tries retries version manager store stores file files filename dir folder directory \
        location label prompt placeholder icon page form banner consent domain jar format encoding charset \
        issuer audience scope scopes exists present missing provided protected less based hasher hashing cost \
        iterations rounds category group owner origin region lifetime window interval period seconds secs \
        minutes hours days rate bucket endpoint url uri host port server service level same secure http not too \
        handler helper middleware extractor builder config options settings requirement requirements complexity \
        prefix not_found set_at position pos span stream tree entropy management managed engine backend cache \
        notice preferences recipe cutter dough crumbs monster law warning dialog modal popup parser serializer \
        reader writer factory adapter module plugin component widget button view screen template email generator \
        checker encoder meter column regex pattern santa ingredient agent garden room door ref arn namespace \
        resource mount exempt protect protection bot crawler leeway clock reset_count listener observer callback \
        event events log logs audit flow check checks test tests \
        shown visible source stdin fd env at";

/// Words after a weak word that leave the value a possible secret, as digits and plurals do.
pub(super) const NEUTRAL_SUFFIXES: &str = "\
        code value values raw str string text bytes data hex base64 b64 plain param cookie var new old hint \
        response pem";

/// The same for types: `SecretString`, `PasswordHash`.
pub(super) const TYPE_SUFFIXES: &str = "\
        string str text bytes byte box vec buf buffer value data hash hex base64 inner raw wrapper input field \
        guard arc cell ref digest cow encoded plain new pair";

/// First words of names whose values are booleans or counts: `has_password`, `num_tokens`.
pub(super) const QUESTION_PREFIXES: &str = "\
        is has have had needs need uses use using requires require allow allows enable enables disable disables \
        show shows hide hides can should was must forgot num max min total count";

/// Words before a type's name which say that it describes a failure: its content may be a name or a
/// reason.
pub(super) const FAILURE_PREFIXES: &str = "\
        missing unknown invalid unexpected unrecognized expected no bad wrong expired incorrect unsupported \
        duplicate undefined empty weak short long";
