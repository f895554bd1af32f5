//! Files that the pages load. Their names contain a hash of their content, so they may be cached
//! forever.

use crate::fork::LazyPerProcess;

use hmac_sha256::Hash;

#[derive(Debug)]
pub(super) struct Asset {
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) content: &'static str,
}

#[derive(Debug)]
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
}

pub(super) static ASSETS: LazyPerProcess<Assets> = LazyPerProcess::new(|| Assets {
    style: Asset::new("css", "text/css; charset=utf-8", include_str!("assets/viewer.css")),
    script: Asset::new("js", "text/javascript; charset=utf-8", include_str!("assets/viewer.js")),
    icon: Asset::new("svg", "image/svg+xml", include_str!("assets/icon.svg")),
});

impl Asset {
    fn new(extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = Hash::hash(content.as_bytes());
        let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("viewer-{short}.{extension}"), media_type, content }
    }
}

impl Assets {
    pub(super) fn find(&self, name: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.icon].into_iter().find(|asset| asset.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn the_script_stays_small() {
        assert!(ASSETS.get().script.content.len() < 4096, "{}", ASSETS.get().script.content.len());
    }
}
