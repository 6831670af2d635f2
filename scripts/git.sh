# shellcheck shell=sh
# git: Mayfly checks out branches with it.

git_ready() { has git; }

git_why() { echo "git: checks out the commit of a pull request"; }

git_here() { git --version | sed 's/ version//'; }

git_install() {
  can_install || fail "there is no git" "Debian: sudo apt-get install git" "macOS:  xcode-select --install"
  run "git" "See what apt says above." apt_install git
}
