/* For browsers that know no modules: say so, in words that need nothing newer. */
(function () {
	var line = document.querySelector('.loading');
	if (line)
		line.textContent = line.getAttribute('data-old');
})();
