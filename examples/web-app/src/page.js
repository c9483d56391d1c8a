const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param user null or undefined: nobody is signed in */
export const page = (user) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Web application</title>
<h1>Web application</h1>
${
  user
    ? `<p>Signed in as ${escapeHtml(user.email ?? user.sub)}</p>
<p><a href="/profile">Your profile</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>`
    : '<p><a href="/login">Sign in</a></p>'
}
</html>
`;
