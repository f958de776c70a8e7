import Config

extension GlobPattern {
    /// True if the path's last component, or the whole path for a pattern with `/`, is matched from end to end.
    public func matches(_ path: CapturePath) -> Bool { matches(path: path.bytes) }
}
